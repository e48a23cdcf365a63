"""What happens around an apply that takes long: others read, edit, run and kill meanwhile, and nothing is lost.

A lock on one contact, held by the test, keeps the apply in its middle for as long as is wanted.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.file_server import FileServer
from tests.support.imports import Importing, Json, csv_of, set_up_import
from tests.support.stack import Stack
from tests.support.waiting import until

ROWS = 6_000  # more than what a plan of few changes is
MAX_POLL_SECONDS = 6
HEADER = ["No", "Name", "E-mail"]
_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE contacts c%'
"""
_LOG = "SELECT number, change, unique_id, before, after FROM change_log WHERE manager_id = $1 ORDER BY number"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    settings = {"CONTACTS_SYNC_KAFKA__MAX_POLL_SECONDS": str(MAX_POLL_SECONDS)}
    async with Stack(tmp_path_factory.mktemp("busy") / "data", settings=settings) as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with stack.client() as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer() as running:
        yield running


def people(name: str, mail: str = "") -> bytes:
    return csv_of([[str(number), f"{name} {number}", mail] for number in range(ROWS)], HEADER).encode()


async def loaded(client: httpx.AsyncClient, server: FileServer) -> Importing:
    server.files["/people.csv"] = people("Old")
    source = {"kind": "remote", "url": server.url("/people.csv")}
    importing = await set_up_import(client, source, mapping=[("No", "No"), ("Name", "Name")])
    assert (await importing.run())["status"] == "succeeded"
    return importing


async def start(client: httpx.AsyncClient, import_id: str) -> str:
    answer = await client.post(f"/imports/{import_id}/runs", json={})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@asynccontextmanager
async def held(stack: Stack, importing: Importing, unique_id: str) -> AsyncIterator[None]:
    """Keep applies that update a contact in their middle while the block lasts."""
    holding = await stack.connect()
    try:
        async with holding.transaction():
            await holding.execute(
                "SELECT FROM contacts WHERE manager_id = $1 AND unique_id = $2 FOR UPDATE",
                importing.manager_id,
                unique_id,
            )
            yield
    finally:
        await holding.close()


async def apply_waits(stack: Stack) -> None:
    """Return once an apply has come as far as the contact that is held."""
    database = await stack.connect()
    try:
        await until(
            lambda: database.fetchval(_WAITS),
            within=60,
            what="an apply waits for the contact",
        )
    finally:
        await database.close()


async def assert_nothing_is_lost(stack: Stack, manager_id: str) -> None:
    """Go through all changes in their order: each starts from what the one before left, to what is there now."""
    database = await stack.connect()
    log = await database.fetch(_LOG, manager_id)
    stored = await database.fetch("SELECT unique_id, fields FROM contacts WHERE manager_id = $1", manager_id)
    number = await database.fetchval("SELECT change_number FROM managers WHERE id = $1", manager_id)
    deadlocks = await database.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await database.close()
    assert [change["number"] for change in log] == list(range(1, number + 1))
    contacts: dict[str, Json | None] = {}
    for change in log:
        before, after = (json.loads(change[side]) if change[side] else None for side in ("before", "after"))
        assert contacts.get(change["unique_id"]) == before, dict(change)
        contacts[change["unique_id"]] = after
    assert {unique_id: fields for unique_id, fields in contacts.items() if fields is not None} == {
        contact["unique_id"]: json.loads(contact["fields"]) for contact in stored
    }
    assert deadlocks == 0


async def test_reads_do_not_wait_for_an_apply(stack: Stack, client: httpx.AsyncClient, server: FileServer) -> None:
    importing = await loaded(client, server)
    server.files["/people.csv"] = people("New")
    async with held(stack, importing, "4321"):
        run_id = await start(client, importing.import_id)
        await apply_waits(stack)
        contacts = await importing.contacts()
        assert {contact["Name"] for contact in contacts.values()} == {f"Old {number}" for number in range(ROWS)}
        for path in (
            f"/runs/{run_id}",
            f"/runs/{run_id}/plan",
            f"/runs/{run_id}/problems",
            f"/imports/{importing.import_id}/runs",
            f"/managers/{importing.manager_id}/contacts/4321",
            f"/managers/{importing.manager_id}/contacts/4321/history",
        ):
            assert (await client.get(path)).status_code == 200, path
        assert (await client.get(f"/runs/{run_id}")).json()["status"] == "applying"
    assert (await importing.finished(run_id))["counts"]["updated"] == ROWS
    await assert_nothing_is_lost(stack, importing.manager_id)


async def test_runs_edits_and_kills_in_the_middle_of_an_apply(
    stack: Stack, client: httpx.AsyncClient, server: FileServer
) -> None:
    importing = await loaded(client, server)
    server.files |= {"/people.csv": people("New"), "/mails.csv": people("Other", "a@example.com")}
    other = await client.post(
        "/imports",
        json={
            "name": "Mails",
            "manager_id": importing.manager_id,
            "source": {"kind": "remote", "url": server.url("/mails.csv")},
            "options": {"error_emails": ["it@example.com"]},
            "mapping": [{"column": "No", "field": "No"}, {"column": "E-mail", "field": "Email"}],
            "unique_id": {"field": "No"},
        },
    )
    assert other.status_code == 201, other.text
    contact = f"/managers/{importing.manager_id}/contacts/77"
    async with held(stack, importing, "4321"):
        began = time.monotonic()
        first = await start(client, importing.import_id)
        await apply_waits(stack)
        second = await start(client, other.json()["id"])
        editing = asyncio.create_task(client.put(contact, json={"fields": {"Name": "By hand", "Email": ""}}))
        assert stack.kill_service("syncer")
        assert (await editing).status_code == 200
        await apply_waits(stack)

        async def both_want_to_write() -> bool:
            """Which of them holds the manager is not said: after the kill, whoever comes first."""
            states = [(await client.get(f"/runs/{run_id}")).json()["status"] for run_id in (first, second)]
            return set(states) <= {"planning", "applying"}

        await until(both_want_to_write, within=60, what="both runs are about to write to the manager")
        await until(
            lambda: time.monotonic() - began > 2 * MAX_POLL_SECONDS,
            within=60,
            what="the apply has lasted longer than a consumer may take",
        )
    applied = await importing.finished(first)
    assert (applied["status"], applied["counts"]["updated"]) == ("succeeded", ROWS), applied
    assert (await importing.finished(second))["counts"]["updated"] == ROWS
    contacts = await importing.contacts()
    assert contacts["77"] == {"No": "77", "Name": "New 77", "Email": "a@example.com"}
    assert len(contacts) == ROWS
    await assert_nothing_is_lost(stack, importing.manager_id)
