"""`contacts.changed` as another system hears it: enough for a copy, numbered without gaps, said again if asked for."""

import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from docs.examples.contact_copy import ContactCopy
from tests.e2e.test_plans import begin, decide, edit, many, next_file, people
from tests.support.contact_copy import CheckedCopy, ContactCopies
from tests.support.imports import Importing
from tests.support.server_process import REPOSITORY, ServerProcess
from tests.support.stack import Stack
from tests.support.waiting import until

LOADED = 40_000


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


async def last_number(stack: Stack, importing: Importing) -> int:
    connection = await stack.connect()
    try:
        number: int = await connection.fetchval(
            "SELECT change_number FROM managers WHERE id = $1::uuid", importing.manager_id
        )
    finally:
        await connection.close()
    return number


async def kept_up(stack: Stack, importing: Importing, copies: ContactCopies) -> CheckedCopy:
    """Return the copy once it has all changes."""
    last, copy = await last_number(stack, importing), copies.copies[importing.manager_id]

    async def has_all() -> bool:
        await copies.hear()
        return copy.last == last

    await until(has_all, within=120, what="all changes have been heard", every=0)
    return copy


async def held(importing: Importing) -> dict[str, dict[str, str]]:
    """Return the contacts by unique id as a copy has them: without unique id, passwords and empty values."""
    return {
        unique_id: {name: str(value) for name, value in fields.items() if name not in {"No", "Secret"} and value != ""}
        for unique_id, fields in (await importing.contacts()).items()
    }


async def test_a_copy_is_kept_from_the_changes_alone(client: httpx.AsyncClient, embedded_stack: Stack) -> None:
    importing = await begin(client, people(*((str(n), f"Name {n}", "first secret") for n in range(20))))
    async with ContactCopies(embedded_stack.kafka) as copies:
        copy = await kept_up(embedded_stack, importing, copies)
        assert copy.contacts() == await held(importing)

        changed = await next_file(importing, people(*((str(n), f"New {n}", "second secret") for n in range(10, 25))))
        await edit(importing, "12", "By hand")
        await edit(importing, "by hand", "Added")
        await client.delete(f"/managers/{importing.manager_id}/contacts/13")
        await kept_up(embedded_stack, importing, copies)
        assert copy.contacts() == await held(importing)

        undone = await decide(importing, changed, "undo")
        await importing.change(options={"delete_missing": True, "limits": {"deletes": {"count": 1}}})
        refused = await next_file(importing, people(("3", "Three", ""), ("30", "Thirty", "third secret")))
        assert refused["status"] == "refused"
        await decide(importing, refused, "approve")
        await decide(importing, undone, "undo")
        await kept_up(embedded_stack, importing, copies)
        assert copy.contacts() == await held(importing)
    assert set(copy.heard) == set(range(1, copy.last + 1))
    assert not [body for body in copies.bodies if "secret" in body or "argon2" in body]


async def test_what_is_asked_for_again_while_changes_are_said_comes_again(
    client: httpx.AsyncClient, embedded_stack: Stack
) -> None:
    importing = await begin(client, many(LOADED))
    async with ContactCopies(embedded_stack.kafka) as copies:
        copy = copies.copies[importing.manager_id]

        async def first_came() -> bool:
            await copies.hear()
            return copy.heard[1] > 0

        await until(first_came, within=60, what="the first change is heard", every=0)
        answer = await client.post(f"/managers/{importing.manager_id}/replay-changes", json={"from_number": 1})
        assert (answer.status_code, answer.json()) == (202, {"from_number": 1, "changes": LOADED})

        async def first_came_again() -> bool:
            await copies.hear()
            return copy.last == LOADED and copy.heard[1] > 1

        await until(first_came_again, within=180, what="all are heard, and the first once more", every=0)
        assert copy.contacts() == await held(importing)


async def test_the_example_keeps_a_copy_over_a_kill(
    client: httpx.AsyncClient, embedded_stack: Stack, tmp_path: Path
) -> None:
    importing = await begin(client, many(LOADED))
    database = tmp_path / "copy.db"

    def copied() -> ContactCopy:
        with closing(sqlite3.connect(database)) as connection:
            return ContactCopy(connection)

    def contacts_copied() -> dict[str, dict[str, str]]:
        with closing(sqlite3.connect(database)) as connection:
            return ContactCopy(connection).contacts()

    async def has_begun() -> bool:
        return database.exists() and copied().last > 0

    async def has_all() -> bool:
        return copied().last == await last_number(embedded_stack, importing)

    program: list[str | Path] = [sys.executable, REPOSITORY / "docs/examples/contact_copy.py"]
    servers = ["--kafka", embedded_stack.kafka, "--site", embedded_stack.url]
    example = ServerProcess(
        "the example",
        [*program, *servers, "--manager", importing.manager_id, "--database", database],
        log=tmp_path / "example.log",
        folder=tmp_path,
        environment={"CONTACTS_SYNC_TOKEN": embedded_stack.api_token},
    )
    await example.start(has_begun, within=60)
    example.kill()
    assert copied().last < LOADED, "the kill came too late to tell anything"
    await next_file(importing, many(LOADED + 9))
    await example.start(has_all, within=120)
    example.kill()
    assert contacts_copied() == await held(importing)
