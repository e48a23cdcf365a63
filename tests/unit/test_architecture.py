"""The rules of the layout hold, and each rule is seen to catch a planted breach of it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import services
import shared
from shared.topics import ALL

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
LONGEST_MODULE = 250
CONSUMERS = ("scheduler", "fetcher", "parser", "syncer", "notifier")

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

# Contract, module planted, what it imports.
IMPORTS = [
    ("shared-stands-alone", "shared/store/planted.py", "services.syncer"),
    ("services-are-independent", "services/fetcher/adapters/planted.py", "services.parser.domain"),
    ("services-are-independent", "services/notifier/adapters/planted.py", "services.cli.embedded"),
    ("service-anatomy", "services/fetcher/adapters/planted_above.py", "services.fetcher.handlers"),
    ("service-anatomy", "services/syncer/domain/planted_above.py", "services.syncer.ports"),
    ("service-anatomy", "services/parser/domain/planted_beside.py", "services.parser.settings"),
    ("service-anatomy", "services/notifier/adapters/planted_above.py", "services.notifier.webhooks"),
    ("web-anatomy", "services/web/forms/planted.py", "services.web.pages"),
    ("web-anatomy", "services/web/security/planted.py", "services.web.app"),
    ("cli-anatomy", "services/cli/embedded/planted.py", "services.cli.reference"),
    ("cli-anatomy", "services/cli/reference/planted.py", "services.cli.main"),
    ("shared-layers", "shared/kafka/planted.py", "shared.store.runs"),
    ("shared-layers", "shared/rules/planted_above.py", "shared.events.base"),
    ("shared-layers", "shared/events/planted_above.py", "shared.settings"),
    ("shared-layers", "shared/network/planted.py", "shared.store.webhooks"),
    ("pure-rules", "shared/rules/planted_io.py", "asyncpg"),
    ("pure-rules", "shared/events/planted_io.py", "faststream"),
    ("pure-rules", "services/notifier/domain/planted_io.py", "shared.network.addresses"),
    ("pure-rules", "services/syncer/domain/planted_io.py", "aiokafka"),
    ("pure-rules", "services/fetcher/domain/planted_io.py", "socket"),
    ("pure-rules", "services/parser/domain/planted_store.py", "shared.objects.store"),
    ("no-database", "services/fetcher/adapters/planted_driver.py", "asyncpg"),
    ("no-database", "services/parser/domain/planted_driver.py", "shared.postgres.database"),
    ("no-database", "services/parser/domain/planted_tables.py", "shared.store.runs"),
    ("sftp-in-one-place", "services/syncer/adapters/planted_sftp.py", "asyncssh"),
    ("sftp-in-one-place", "shared/objects/planted_sftp.py", "asyncssh"),
    ("mail-in-one-place", "services/scheduler/adapters/planted_mail.py", "aiosmtplib"),
]

# Contract, module planted where none of this name belongs.
STRANGERS = [
    ("services-are-independent", "services/reporter/__init__.py"),
    ("service-anatomy", "services/fetcher/helpers.py"),
    ("service-anatomy", "services/notifier/common.py"),
    ("web-anatomy", "services/web/utils.py"),
    ("shared-layers", "shared/utils.py"),
]


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def linted(tree: Path) -> dict[str, str]:
    """Lint the imports of a tree; the report on each broken contract by its id."""
    lint = subprocess.run(
        [BIN / "lint-imports", "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Contracts: " in lint.stdout, lint.stdout + lint.stderr
    _, _, reports = lint.stdout.partition("Broken contracts\n")
    starts = {id_: reports.find(f"\n{name}\n--") for id_, name in CONTRACTS.items()}
    broken = sorted((start, id_) for id_, start in starts.items() if start >= 0)
    ends = [*(start for start, _ in broken[1:]), len(reports)]
    return {id_: reports[start:end] for (start, id_), end in zip(broken, ends, strict=False)}


def planted(tree: Path, files: dict[str, str]) -> dict[str, str]:
    for name in ("services", "shared"):
        shutil.copytree(REPOSITORY / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tree)
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return linted(tree)


@pytest.fixture(scope="module")
def reports_on_imports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    files = {path: f'"""Planted."""\n\nimport {imported}\n' for _, path, imported in IMPORTS}
    return planted(tmp_path_factory.mktemp("imports"), files)


@pytest.fixture(scope="module")
def reports_on_strangers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return planted(tmp_path_factory.mktemp("strangers"), {path: '"""Planted."""\n' for _, path in STRANGERS})


def test_import_rules_hold() -> None:
    assert linted(REPOSITORY) == {}


@pytest.mark.parametrize(("contract", "path", "imported"), IMPORTS)
def test_planted_import_breaks_the_contract_meant(
    reports_on_imports: dict[str, str], contract: str, path: str, imported: str
) -> None:
    pattern = rf"\b{re.escape(module_name(path))} -> {re.escape(imported)}\b"
    assert re.search(pattern, reports_on_imports.get(contract, "not broken"))


@pytest.mark.parametrize(("contract", "path"), STRANGERS)
def test_planted_stranger_breaks_the_contract_meant(
    reports_on_strangers: dict[str, str], contract: str, path: str
) -> None:
    assert f"- {module_name(path)}\n" in reports_on_strangers.get(contract, "not broken")


def test_every_contract_is_seen_to_catch_something() -> None:
    assert set(CONTRACTS) == {contract for contract, *_ in IMPORTS}


def test_no_module_is_too_long() -> None:
    lengths = {
        str(path.relative_to(REPOSITORY)): len(path.read_text().splitlines())
        for package in (services, shared)
        for path in Path(package.__path__[0]).rglob("*.py")
    }
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


@pytest.mark.parametrize("package", [services, shared])
def test_every_folder_says_what_it_is(package: object) -> None:
    top = Path(package.__path__[0])  # type: ignore[attr-defined] # a module
    folders = {path.parent for path in top.rglob("*.py")}
    silent = [str(folder) for folder in folders if not (folder / "__init__.py").read_text().startswith('"""')]
    assert silent == []


@pytest.mark.parametrize("service", CONSUMERS)
def test_services_have_the_same_anatomy(service: str) -> None:
    folder = REPOSITORY / "services" / service
    expected = {"__init__.py", "app.py", "settings.py", "handlers.py"}
    assert expected <= {path.name for path in folder.iterdir()}
    assert (folder / "domain" / "__init__.py").is_file() or (folder / "adapters" / "__init__.py").is_file()


@pytest.mark.parametrize("service", CONSUMERS)
def test_service_says_truly_what_it_hears_and_says(service: str) -> None:
    text = (REPOSITORY / "services" / service / "__init__.py").read_text()
    parts = re.fullmatch(r'""".*?\bHears\b(.*?)\bSays\b(.*?)\bOwns\b(.*?)""".*', text, re.DOTALL)
    assert parts, "the docstring has no Hears, Says and Owns"
    heard, said = (set(re.findall(r"`([a-z.]+)`", part)) for part in parts.groups()[:2])
    assert heard == {topic.name for topic in ALL if service in topic.heard_by}
    assert said == {topic.name for topic in ALL if service in topic.said_by}


def test_a_module_named_like_one_of_the_standard_library_is_caught() -> None:
    check = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--stdin-filename", "services/fetcher/logging.py", "-"],
        cwd=REPOSITORY,
        input='"""Planted."""\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (check.returncode, "A005" in check.stdout) == (1, True)


def test_a_function_without_types_is_caught(tmp_path: Path) -> None:
    module = tmp_path / "planted.py"
    module.write_text("def double(number):\n    return number * 2\n")
    check = subprocess.run(
        [BIN / "mypy", "--config-file", "pyproject.toml", "--cache-dir", tmp_path / "cache", module],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (check.returncode, "[no-untyped-def]" in check.stdout) == (1, True)
