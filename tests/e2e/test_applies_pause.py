"""All applies paused: runs come as far as their plans and wait, people and dry runs do not, and nothing is lost."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.e2e.test_plans import begin, edit, many, next_file, people, signs_in, uploaded
from tests.support.imports import Importing, Json, set_up_import
from tests.support.page_tour import signed_in
from tests.support.stack import Stack
from tests.support.waiting import until

PAUSE = "/operations/applies-pause"
_HASHES = "SELECT unique_id, hash FROM plan_passwords WHERE run_id = $1 AND fingerprint IS NOT NULL ORDER BY unique_id"


@pytest.fixture(scope="module")
async def own_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The switch is for all: other tests are not to wait for it."""
    async with Stack(tmp_path_factory.mktemp("pause") / "data") as stack:
        yield stack


@pytest.fixture
async def client(own_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with own_stack.client() as client:
        yield client


async def started(importing: Importing, text: str) -> str:
    await importing.change(source=await uploaded(importing.client, text))
    answer = await importing.client.post(f"/imports/{importing.import_id}/runs", json={})
    assert answer.status_code == 202, answer.text
    run_id: str = answer.json()["id"]
    return run_id


async def begin_other(client: httpx.AsyncClient) -> Importing:
    """Return an import that has not run: none can write now."""
    return await set_up_import(
        client,
        await uploaded(client, many(1)),
        fields=[("No", "text"), ("Name", "text"), ("Email", "email"), ("Secret", "password")],
        mapping=[("No", "No"), ("Name", "Name")],
    )


async def waits(client: httpx.AsyncClient, run_id: str) -> Json:
    """Return the run once it waits for the switch."""

    async def is_held() -> Json | None:
        run: Json = (await client.get(f"/runs/{run_id}")).json()
        return run if (run["waiting"] or {}).get("code") == "paused" else None

    return await until(is_held, within=60, what="the run waits until applies go on")


async def sees_plan(stack: Stack, run_id: str) -> None:
    async with signed_in(stack) as browser:

        async def shown() -> bool:
            page = (await browser.get(f"/runs/{run_id}")).text
            return "What it would do" in page and "New 0" in page

        await until(shown, within=60, what="what it would write is shown")


async def test_runs_wait_while_applies_are_paused(client: httpx.AsyncClient, own_stack: Stack) -> None:
    importing = await begin(client, many(3))
    paused = await client.put(PAUSE, json={"reason": "the list looks odd"})
    assert paused.json()["applies_paused"]["reason"] == "the list looks odd"
    run_id = await started(importing, many(3, name="New"))
    held = await waits(client, run_id)
    assert held["status"] == "planning"
    await sees_plan(own_stack, run_id)
    other = await begin_other(client)
    assert (await next_file(other, many(2), dry_run=True))["status"] == "planned"
    await edit(importing, "1", "By hand")
    contacts = await importing.contacts()
    assert {contact["Name"] for contact in contacts.values()} == {"Name 0", "By hand", "Name 2"}

    assert (await client.delete(PAUSE)).json()["applies_paused"] is None
    run = await importing.finished(run_id)
    assert (run["status"], run["counts"]["updated"]) == ("succeeded", 3)


async def test_what_would_be_refused_is_told_while_applies_are_paused(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(10), limits={"deletes": {"count": 1}})
    await client.put(PAUSE)
    try:
        refused = await importing.finished(await started(importing, many(1)))
        assert (refused["status"], refused["error"]["code"]) == ("refused", "limit_deletes")
    finally:
        await client.delete(PAUSE)


async def test_a_run_that_waits_can_be_cancelled(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(3))
    await client.put(PAUSE)
    try:
        run_id = await started(importing, many(3, name="New"))
        await waits(client, run_id)
        assert (await client.post(f"/runs/{run_id}/cancel")).json()["status"] == "cancelled"
    finally:
        await client.delete(PAUSE)
    assert {contact["Name"] for contact in (await importing.contacts()).values()} == {"Name 0", "Name 1", "Name 2"}


async def test_what_is_hashed_already_waits_too_and_is_written_then(
    client: httpx.AsyncClient, own_stack: Stack
) -> None:
    importing = await begin(client, people(*((str(number), f"Name {number}", "first") for number in range(100))))
    run_id = await started(importing, people(*((str(n), f"New {n}", f"second {n}") for n in range(100))))
    database = await own_stack.connect()
    try:

        async def is_hashing() -> bool:
            hashed: bool = await database.fetchval(
                "SELECT count(*) > 0 FROM plan_passwords WHERE run_id = $1 AND hash IS NOT NULL AND sealed IS NULL "
                "AND fingerprint IS NOT NULL",
                run_id,
            )
            return hashed

        await until(is_hashing, within=60, what="the first passwords are hashed")
        await client.put(PAUSE)
        await waits(client, run_id)
        left = await database.fetchval(
            "SELECT count(*) FROM plan_passwords WHERE run_id = $1 AND sealed IS NOT NULL", run_id
        )
        assert left == 0
        before = await database.fetch(_HASHES, run_id)
        assert (await importing.contacts())["1"]["Name"] == "Name 1"
        await client.delete(PAUSE)
        assert (await importing.finished(run_id))["counts"]["updated"] == 100
        assert await database.fetch(_HASHES, run_id) == before
    finally:
        await database.close()
    assert await signs_in(importing, "1", "second 1")


async def test_a_second_pause_and_a_second_end_are_told(client: httpx.AsyncClient) -> None:
    await client.put(PAUSE)
    again = await client.put(PAUSE)
    assert (again.status_code, again.json()["code"]) == (409, "applies_paused")
    await client.delete(PAUSE)
    ended = await client.delete(PAUSE)
    assert (ended.status_code, ended.json()["code"]) == (409, "applies_not_paused")
