"""The borders of the 10 % rule, each by name, through the real services."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.file_server import FileServer
from tests.support.imports import Importing, Json, csv_of, set_up_import
from tests.support.stack import Stack

DAILY = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
DELETING = {"delete_missing": True}
Rows = list[list[str]]


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[FileServer]:
    async with FileServer() as server:
        yield server


@dataclass
class Guarded:
    """An import with *delete not found*, and the file that it fetches."""

    importing: Importing
    server: FileServer
    path: str

    async def run(self, rows: Rows) -> Json:
        """Run with a file of these rows."""
        self.server.files[self.path] = csv_of(rows).encode()
        return await self.importing.run()

    async def is_held_back(self, rows: Rows, *, would_delete: int) -> None:
        """Check that the rule refuses this file, says who would go, and that nothing changes."""
        before = await self.importing.contacts()
        run = await self.run(rows)
        assert (run["status"], run["error"] and run["error"]["code"]) == ("refused", "guard_ten_percent"), run
        assert run["counts"]["deleted"] == would_delete
        assert await self.importing.contacts() == before

    async def goes_through(self, rows: Rows, *, deleted: int, contacts: int) -> None:
        """Check that this file is applied."""
        run = await self.run(rows)
        assert run["status"] in {"succeeded", "succeeded_with_errors"}, run
        assert run["counts"]["deleted"] == deleted
        assert len(await self.importing.contacts()) == contacts


async def guarded(client: httpx.AsyncClient, server: FileServer, contacts: Rows, **set_up: object) -> Guarded:
    """Set up a scheduled import that deletes, and give the manager these contacts."""
    path = f"/{secrets.token_hex(8)}.csv"
    source = {"kind": "remote", "url": server.url(path)}
    parts: Json = {"options": DELETING, "schedule": DAILY} | set_up
    found = Guarded(await set_up_import(client, source, **parts), server, path)
    if contacts:
        assert (await found.run(contacts))["status"] == "succeeded"
    return found


def rows(count: int, start: int = 0) -> Rows:
    return [[str(number), f"Name {number}", ""] for number in range(start, start + count)]


def others(count: int) -> Rows:
    return rows(count, start=100_000)


@pytest.mark.parametrize(("contacts", "known", "new"), [(10, 1, 0), (10, 1, 9), (100, 10, 0), (100, 10, 90), (1, 0, 1)])
async def test_a_tenth_or_less_is_refused(
    client: httpx.AsyncClient, server: FileServer, contacts: int, known: int, new: int
) -> None:
    found = await guarded(client, server, rows(contacts))
    await found.is_held_back([*rows(known), *others(new)], would_delete=contacts - known)


@pytest.mark.parametrize(("contacts", "known", "new"), [(10, 2, 0), (100, 11, 0), (100, 11, 89), (1, 1, 1), (9, 1, 0)])
async def test_more_than_a_tenth_goes_through(
    client: httpx.AsyncClient, server: FileServer, contacts: int, known: int, new: int
) -> None:
    found = await guarded(client, server, rows(contacts))
    await found.goes_through([*rows(known), *others(new)], deleted=contacts - known, contacts=known + new)


async def test_an_empty_manager_is_filled_whatever_the_file_has(client: httpx.AsyncClient, server: FileServer) -> None:
    found = await guarded(client, server, [])
    await found.goes_through([], deleted=0, contacts=0)
    await found.goes_through(rows(3), deleted=0, contacts=3)


async def test_the_share_is_one_of_the_contacts_and_not_of_the_rows(
    client: httpx.AsyncClient, server: FileServer
) -> None:
    found = await guarded(client, server, rows(100))
    await found.goes_through([*rows(100), *others(900)], deleted=0, contacts=1_000)
    a_tenth = [*rows(100), *rows(900, start=200_000)]
    await found.is_held_back(a_tenth, would_delete=900)
    await found.goes_through([*others(1), *a_tenth], deleted=899, contacts=1_001)


async def test_a_header_alone_is_refused(client: httpx.AsyncClient, server: FileServer) -> None:
    found = await guarded(client, server, rows(1))
    await found.is_held_back([], would_delete=1)


async def test_with_generated_keys_rows_without_errors_count(client: httpx.AsyncClient, server: FileServer) -> None:
    key: Json = {"field": "No", "generate": True}
    mapping = [("Name", "Name"), ("E-mail", "Email")]
    found = await guarded(client, server, rows(10), unique_id=key, mapping=mapping)
    bad = ["7", "Bad", "no address"]
    await found.is_held_back(rows(1), would_delete=10)
    await found.is_held_back([*rows(1), bad], would_delete=10)
    run = await found.run([*rows(2), bad])
    assert (run["status"], run["error"]["code"]) == ("failed", "replacement_incomplete")
    await found.goes_through(rows(2), deleted=10, contacts=2)


async def test_a_row_with_an_error_counts_as_found_and_a_row_again_does_not(
    client: httpx.AsyncClient, server: FileServer
) -> None:
    found = await guarded(client, server, rows(10))
    await found.is_held_back([*rows(1), *rows(1)], would_delete=9)
    await found.goes_through([*rows(1), ["1", "Bad", "no address"]], deleted=8, contacts=2)


async def test_it_is_asked_even_where_an_unreadable_id_holds_all_deletes_back(
    client: httpx.AsyncClient, server: FileServer
) -> None:
    found = await guarded(client, server, rows(10))
    await found.is_held_back([*rows(1), ["\0", "Unreadable", ""]], would_delete=0)
    await found.goes_through([*rows(2), ["\0", "Unreadable", ""]], deleted=0, contacts=10)


async def test_an_import_without_a_schedule_is_not_asked(client: httpx.AsyncClient, server: FileServer) -> None:
    found = await guarded(client, server, rows(10), schedule=None)
    await found.goes_through(rows(1), deleted=9, contacts=1)


async def test_an_import_that_does_not_delete_is_not_asked(client: httpx.AsyncClient, server: FileServer) -> None:
    found = await guarded(client, server, rows(10), options={})
    await found.goes_through(rows(1), deleted=0, contacts=10)


async def test_an_upload_is_not_asked(client: httpx.AsyncClient, server: FileServer) -> None:
    async def uploaded(content: Rows) -> Json:
        made = await client.post("/uploads", params={"name": "people.csv"}, content=csv_of(content).encode())
        return {"kind": "upload", "upload_id": made.json()["upload_id"]}

    importing = await set_up_import(client, await uploaded(rows(10)), options=DELETING)
    assert (await importing.run())["status"] == "succeeded"
    await importing.change(source=await uploaded(rows(1)))
    run = await importing.run()
    assert (run["status"], run["counts"]["deleted"]) == ("succeeded", 9)
