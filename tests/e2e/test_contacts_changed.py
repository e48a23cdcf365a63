"""`contacts.changed` as another system hears it: enough for a copy, numbered without gaps, said again if asked for."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.e2e.test_plans import begin, decide, edit, many, next_file, people
from tests.support.contact_copy import ContactCopy
from tests.support.imports import Importing
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


async def kept_up(stack: Stack, importing: Importing, copy: ContactCopy) -> int:
    """Wait until a copy has all changes; returns how many they are."""
    last = await last_number(stack, importing)

    async def has_all() -> bool:
        return await copy.hear() == last

    await until(has_all, within=120, what="all changes have been heard", every=0)
    return last


async def held(importing: Importing) -> dict[str, dict[str, str]]:
    """Return the contacts by unique id as a copy has them: without unique id, passwords and empty values."""
    return {
        unique_id: {name: str(value) for name, value in fields.items() if name not in {"No", "Secret"} and value != ""}
        for unique_id, fields in (await importing.contacts()).items()
    }


async def test_a_copy_is_kept_from_the_changes_alone(client: httpx.AsyncClient, embedded_stack: Stack) -> None:
    importing = await begin(client, people(*((str(n), f"Name {n}", "first secret") for n in range(20))))
    async with ContactCopy(embedded_stack.kafka, importing.manager_id) as copy:
        await kept_up(embedded_stack, importing, copy)
        assert copy.contacts == await held(importing)

        changed = await next_file(importing, people(*((str(n), f"New {n}", "second secret") for n in range(10, 25))))
        await edit(importing, "12", "By hand")
        await edit(importing, "by hand", "Added")
        await client.delete(f"/managers/{importing.manager_id}/contacts/13")
        await kept_up(embedded_stack, importing, copy)
        assert copy.contacts == await held(importing)

        undone = await decide(importing, changed, "undo")
        await importing.change(options={"delete_missing": True, "limits": {"deletes": {"count": 1}}})
        refused = await next_file(importing, people(("3", "Three", ""), ("30", "Thirty", "third secret")))
        assert refused["status"] == "refused"
        await decide(importing, refused, "approve")
        await decide(importing, undone, "undo")
        last = await kept_up(embedded_stack, importing, copy)
        assert copy.contacts == await held(importing)
    assert set(copy.heard) == set(range(1, last + 1))
    assert not [body for body in copy.bodies if "secret" in body or "argon2" in body]


async def test_what_is_asked_for_again_while_changes_are_said_comes_again(
    client: httpx.AsyncClient, embedded_stack: Stack
) -> None:
    importing = await begin(client, many(LOADED))
    async with ContactCopy(embedded_stack.kafka, importing.manager_id) as copy:
        await until(copy.hear, within=60, what="the first changes are heard", every=0)
        answer = await client.post(f"/managers/{importing.manager_id}/replay-changes", json={"from_number": 1})
        assert (answer.status_code, answer.json()) == (202, {"from_number": 1, "changes": LOADED})

        async def came() -> bool:
            await copy.hear()
            return len(copy.heard) == LOADED

        await until(came, within=120, what="all changes are heard", every=0)

        async def first_came_again() -> bool:
            await copy.hear()
            return copy.heard[1] > 1

        await until(first_came_again, within=60, what="the first change is heard again", every=0)
        assert copy.contacts == await held(importing)
