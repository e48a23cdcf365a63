"""How long each page takes among 1,000 imports, 100,000 runs and 1,000,000 contacts, beside a small system.

One app in this process, on a Postgres of its own; what stands in its tables is written there by SQL. Exits 1 where a
page's median among many misses what must hold. `IMPORTS`, `RUNS`, `CONTACTS`, `ROUNDS`.
"""

import asyncio
import base64
import os
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx

from benchmarks.machine import machine
from services.web.app import create_app
from services.web.settings import Settings
from shared.postgres.database import set_up_connection
from tests.support.accounts import know_token, make_account
from tests.support.migrated_postgres import migrated_postgres

IMPORTS = int(os.environ.get("IMPORTS", "1000"))
RUNS = int(os.environ.get("RUNS", "100000"))
CONTACTS = int(os.environ.get("CONTACTS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "20"))
MUST: Final = 0.1
"""Seconds that a page takes at most, as the median."""
ROOT: Final = "http://pages.test"
LOGIN, PASSWORD, TOKEN = "ann", "not used elsewhere", "token-for-pages"
WEEKLY: Final = {"start": "2026-01-05T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=WEEKLY;BYDAY=MO"}

_CONTACTS = """
INSERT INTO contacts (manager_id, unique_id, fields, change_number, updated_at)
SELECT $1, 'M-' || n, jsonb_build_object('1', 'M-' || n, '2', 'Name ' || n, '3', 'm' || n || '@example.org',
    '4', 'Town ' || n % 500), n, now() FROM generate_series(1, $2) n
"""
_COUNTED = "UPDATE managers SET contact_count = $2, change_number = $2, key_field = 1 WHERE id = $1"
_IMPORTS = """
INSERT INTO imports (id, manager_id, name, setup, schedule, next_run_at, created_at)
SELECT gen_random_uuid(), manager_id, 'List ' || n, setup, schedule, next_run_at, created_at
FROM imports, generate_series(2, $2) n WHERE id = $1
"""
# Of every ten runs one had errors; ids are in the order of time.
_RUNS = """
INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at, started_at,
    finished_at, counts, error_code, error_message)
SELECT (lpad(to_hex(n), 12, '0') || '7' || substr(md5(i.id::text || n), 1, 3) || '8'
    || substr(md5(i.id::text), 1, 15))::uuid,
    i.id, i.manager_id, 'schedule', false, CASE WHEN n % 10 = 0 THEN 'refused' ELSE 'succeeded' END,
    jsonb_build_object('setup', i.setup), 'none', now() - (100 - n) * interval '1 day',
    now() - (100 - n) * interval '1 day', now() - (100 - n) * interval '1 day',
    '{"read": 1000, "added": 1, "updated": 2, "unchanged": 997, "deleted": 0, "rejected": 0, "duplicates": 0}',
    CASE WHEN n % 10 = 0 THEN 'guard' END, CASE WHEN n % 10 = 0 THEN 'Refused.' END
FROM imports i, generate_series(1, $1) n
"""


@dataclass(frozen=True)
class Sizes:
    """How much stands in a system."""

    imports: int
    runs: int
    contacts: int


@asynccontextmanager
async def running_app(dsn: str, folder: str) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Give a client of the API and one of the pages."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    told: dict[str, Any] = {
        "postgres": {"dsn": dsn},
        "objects": {"url": f"file://{folder}"},
        "secrets": {"keys": [key]},
        "web": {"public_url": ROOT},
    }
    account = await make_account(dsn, LOGIN, PASSWORD)
    await know_token(dsn, account, TOKEN)
    app = create_app(Settings.model_validate(told))
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/api/v1", headers=headers) as api,
        httpx.AsyncClient(transport=transport, base_url=ROOT) as browser,
    ):
        await browser.post("/login", data={"login": LOGIN, "password": PASSWORD})
        yield api, browser


async def fill(dsn: str, api: httpx.AsyncClient, sizes: Sizes) -> list[str]:
    """Fill the database, and return the pages that show it."""
    fields = [{"name": name} for name in ("Number", "Name", "Email", "Town")]
    manager = (await api.post("/managers", json={"name": "Members", "fields": fields})).json()["id"]
    body = {
        "name": "List 1",
        "manager_id": manager,
        "source": {"kind": "remote", "url": "sftp://files.example/people.csv", "login": "hr", "password": "x"},
        "mapping": [{"column": name, "field": name} for name in ("Number", "Name", "Email", "Town")],
        "unique_id": {"field": "Number"},
        "schedule": WEEKLY,
    }
    made = await api.post("/imports", json=body)
    import_id = made.json()["id"]
    run_id = (await api.post(f"/imports/{import_id}/runs", json={})).json()["id"]
    await api.post(f"/runs/{run_id}/cancel")
    database = await asyncpg.connect(dsn)
    try:
        await set_up_connection(database)
        setup = await database.fetchval("SELECT setup FROM runs WHERE id = $1", UUID(run_id))
        await database.execute(_CONTACTS, UUID(manager), sizes.contacts)
        await database.execute(_COUNTED, UUID(manager), sizes.contacts)
        await database.execute(_IMPORTS, UUID(import_id), sizes.imports)
        await database.execute(_RUNS, sizes.runs // sizes.imports)
        await database.execute("UPDATE runs SET setup = $1", setup)
        await database.execute("VACUUM ANALYZE")
        run = await database.fetchval(
            "SELECT id FROM runs WHERE import_id = $1 AND status = 'refused' LIMIT 1", UUID(import_id)
        )
    finally:
        await database.close()
    far = (await api.get(f"/managers/{manager}/contacts", params={"limit": 1000})).json()["next"]
    return [
        "/",
        f"/managers/{manager}",
        f"/managers/{manager}?cursor={far}",
        f"/managers/{manager}?sort=changed",
        f"/managers/{manager}?q=M-99",
        f"/managers/{manager}/contact-history?unique_id=M-7",
        f"/managers/{manager}/imports",
        f"/managers/{manager}/imports?q=list+9",
        f"/managers/{manager}/imports?state=attention",
        f"/imports/{import_id}/runs",
        f"/imports/{import_id}/edit",
        f"/imports/new?manager={manager}",
        f"/runs/{run}",
        "/audit",
        "/accounts",
        "/operations",
    ]


async def timed(browser: httpx.AsyncClient, address: str) -> float:
    """Return the median of how long a page takes."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = await browser.get(address)
        found.append(time.perf_counter() - began)
        assert answer.is_success, (address, answer.status_code, answer.text[:500])
    return statistics.median(found)


async def measure(sizes: Sizes, dsn: str) -> list[tuple[str, float]]:
    """Return the medians of all pages."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_app(dsn, folder) as (api, browser):
            addresses = await fill(dsn, api, sizes)
            return [(address, await timed(browser, address)) for address in addresses]


async def about(dsn: str) -> str:
    """Return what the figures were taken on."""
    database = await asyncpg.connect(dsn)
    try:
        return await machine(database)
    finally:
        await database.close()


def main() -> int:
    """Print the medians, and how much of each is for the many."""
    with migrated_postgres() as dsn:
        few = asyncio.run(measure(Sizes(10, 100, 2000), dsn))
    with migrated_postgres() as dsn:
        print(asyncio.run(about(dsn)), flush=True)
        many = asyncio.run(measure(Sizes(IMPORTS, RUNS, CONTACTS), dsn))
    print(f"{IMPORTS:,} imports, {RUNS:,} runs, {CONTACTS:,} contacts; medians of {ROUNDS}:")
    missed = False
    for (address, seconds), (_, small) in zip(many, few, strict=True):
        missed |= seconds > MUST
        print(f"{seconds * 1000:7.1f} ms  {seconds / small:5.2f} x a small system's  {_named(address)}")
    print(f"each must take at most {MUST * 1000:.0f} ms")
    return int(missed)


def _named(address: str) -> str:
    """Return an address without its ids."""
    return re.sub(r"[0-9a-f-]{36}|(?<=cursor=).*", "…", address)


if __name__ == "__main__":
    sys.exit(main())
