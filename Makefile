# The only commands that people, hooks and CI run. `make help` lists them.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --quiet \
	--python-version 3.11 --custom-compile-command 'make lock'
ARGS ?=
PROCESSES ?= 2
SIDE_BY_SIDE := -n $(PROCESSES) --dist loadgroup --no-loadscope-reorder
UPGRADE ?= --upgrade

.DEFAULT_GOAL := help
.PHONY: help setup check unit contracts integration e2e faults test test-long servers screenshots bench-run bench-fetch bench-many bench-parse bench-sync bench-changes bench-due bench-pages bench-paint bench-crowd demo up docs lock compose clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS=… is handed to pytest: make unit ARGS='-k recurrence -x'; PROCESSES=… run all tests side by side"

setup: .venv/development ## Make .venv with everything that development needs

check: setup ## Format, lint, types, import rules, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/contacts-sync reference --check

unit: setup ## Tests without servers, in seconds
	$(BIN)/pytest tests/unit $(ARGS)

contracts: setup ## Events: documents up to date, older events still readable
	$(BIN)/pytest tests/contracts $(ARGS)

integration: setup ## Each service against real servers
	$(BIN)/pytest tests/integration $(ARGS)

e2e: setup ## All services together, as a person uses them
	$(BIN)/pytest tests/e2e $(ARGS)

faults: setup ## Processes killed, servers gone, records spoilt
	$(BIN)/pytest tests/faults $(ARGS)

test: setup ## All tests; says which broker and database they used
	$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

screenshots: setup ## Make the pictures in README and docs anew
	$(BIN)/pytest tests/e2e/test_screenshots.py --write-screenshots $(ARGS)

bench-run: setup ## How long a run takes, beside the bare job in the same minute
	$(BIN)/python -m benchmarks.run_latency

bench-fetch: setup ## How fast a large file comes in, beside curl and sftp in the same minute; MIB=1024
	$(BIN)/python -m benchmarks.run_fetch

bench-many: setup ## How long 500 imports due at once take, from a server that takes 2 s to answer
	$(BIN)/python -m benchmarks.run_many

bench-parse: setup ## How fast chunks become batches, beside a bare csv.reader loop in the same minute; ROWS=1000000
	$(BIN)/python -m benchmarks.run_parse

bench-due: setup ## How soon 10,000 of 100,000 schedules run that are due in one second; two schedulers, one is killed
	$(BIN)/python -m benchmarks.run_due

bench-pages: setup ## How long each page takes among 1,000 imports, 100,000 runs and 1,000,000 contacts, beside a small system
	$(BIN)/python -m benchmarks.run_pages

bench-paint: setup ## How soon Chromium shows something of each page at its first load, beside a bare one, and its weight
	$(BIN)/python -m benchmarks.run_first_paint

bench-crowd: setup ## The whole road under 1,000 imports that are due in one second, and where the time goes; IMPORTS=1000
	$(BIN)/python -m benchmarks.run_crowd

bench-sync: setup ## How long a synchronization takes, beside hand-written SQL in the same minutes; ROWS=1000000,5000000
	$(BIN)/python -m benchmarks.run_sync

bench-changes: setup ## How fast changes of contacts are said on, beside a bare producer, and what a run feels of it; ROWS=1000000
	$(BIN)/python -m benchmarks.run_changes

servers: setup ## Write the table of servers in docs/servers.md anew, from what really worked
	$(BIN)/pytest tests/integration/fetcher --write-servers

test-long: setup ## All tests, every round and example of them
	$(BIN)/pytest $(SIDE_BY_SIDE) --long $(ARGS)

demo: .venv/run-time ## The main job end to end, on this machine alone; ONCE=1 stops at its end
	$(BIN)/contacts-sync demo $(if $(filter-out 0,$(ONCE)),--once)

up: .venv/run-time ## Everything on this machine, ready for use; ARGS='--data DIR --port 8080'
	$(BIN)/contacts-sync up $(ARGS)

docs: setup ## Write the generated documents in docs/reference anew
	$(BIN)/contacts-sync reference

lock: setup ## Pin the newest versions that pyproject.toml allows; UPGRADE= keeps what is pinned
	$(PIP) install --quiet 'uv>=0.9'
	$(UV_COMPILE) --group build $(UPGRADE) --output-file requirements.txt
	$(UV_COMPILE) --group build --group dev --constraint requirements.txt $(UPGRADE) --output-file requirements-dev.txt

compose: .env ## The stack in containers: Apache Kafka, Postgres, one container for each service
	docker compose up --build --detach

clean: ## Remove the environment and what tools left behind
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Where Python's own way to a pip is missing (Debian without python3-venv), virtualenv or the system's pip do it.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
		|| $(PYTHON) -m virtualenv --quiet --clear .venv 2>/dev/null \
		|| { $(PYTHON) -m venv --clear --without-pip .venv \
			&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; } \
		|| { rm -rf .venv; echo "No environment could be made: install python3-venv" >&2; exit 1; }

.venv/run-time: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what contacts-sync needs, once"
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development: requirements-dev.txt .venv/run-time
	@echo "Installing what development needs, once"
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

.env: | deploy/.env.example
	@$(PYTHON) -c "import base64, os; print(open('deploy/.env.example').read() \
		.replace('POSTGRES_PASSWORD=', 'POSTGRES_PASSWORD=' + os.urandom(24).hex(), 1) \
		.replace('SECRETS__KEYS=', 'SECRETS__KEYS=[\"' + base64.b64encode(os.urandom(32)).decode() + '\"]', 1), end='')" \
		> $@.new && chmod 600 $@.new && mv $@.new $@
	@echo "Wrote .env with new secrets: keep it, what is stored cannot be read without it"
