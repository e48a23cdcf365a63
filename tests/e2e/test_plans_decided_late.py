"""Plans that are decided on late: what nobody saw is shown first, what is out of date is not applied."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.e2e.test_plans import begin, decide, edit, many, next_file, people, plan, signs_in
from tests.support.imports import Importing, Json
from tests.support.stack import Stack
from tests.support.waiting import until


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest.fixture
async def database(embedded_stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await embedded_stack.connect()
    yield connection
    await connection.close()


async def set_by_hand(importing: Importing, unique_id: str, **fields: str) -> None:
    address = f"/managers/{importing.manager_id}/contacts/{unique_id}"
    answer = await importing.client.put(address, json={"fields": fields})
    assert answer.status_code in {200, 201}, answer.text


async def sealed(database: asyncpg.Connection, importing: Importing) -> int:
    count: int = await database.fetchval(
        """SELECT count(*) FROM plan_passwords p JOIN runs r ON r.id = p.run_id
        WHERE r.import_id = $1 AND p.sealed IS NOT NULL""",
        importing.import_id,
    )
    return count


def codes(run: Json) -> list[str]:
    return [note["code"] for note in run["notes"]]


async def test_a_plan_that_became_void_while_its_approval_waited_is_not_applied(
    client: httpx.AsyncClient, database: asyncpg.Connection
) -> None:
    importing = await begin(client, many(10), limits={"deletes": {"count": 1}})
    refused = await next_file(importing, many(1))
    async with database.transaction():
        await database.execute("SELECT FROM managers WHERE id = $1 FOR UPDATE", importing.manager_id)
        answer = await client.post(f"/runs/{refused['id']}/approve", json={})
        assert answer.status_code == 202, answer.text
        # As if the first run had come after the refused one, and just ended.
        await database.execute(
            "UPDATE runs SET number = DEFAULT WHERE import_id = $1 AND status = 'succeeded'", importing.import_id
        )
    approval = await importing.finished(answer.json()["id"])
    assert (approval["status"], approval["error"]["code"]) == ("failed", "plan_void")
    assert len(await importing.contacts()) == 10


async def test_no_plan_of_a_deleted_import_is_applied(client: httpx.AsyncClient, database: asyncpg.Connection) -> None:
    importing = await begin(client, people(("1", "One", "first")))
    dry = await next_file(importing, people(("1", "Uno", "second")), dry_run=True)
    assert await sealed(database, importing) == 1
    assert (await client.delete(f"/imports/{importing.import_id}")).status_code == 204
    answer = await client.post(f"/runs/{dry['id']}/approve", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_void")
    assert await sealed(database, importing) == 0


async def test_a_plan_shown_twice_is_applied_once(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(4))
    dry = await next_file(importing, many(4, name="New"), dry_run=True)
    await edit(importing, "1", "By hand")
    shown = [await decide(importing, dry, "approve") for _ in range(2)]
    assert [run["status"] for run in shown] == ["planned", "planned"]
    assert (await decide(importing, shown[0], "approve"))["status"] == "succeeded"
    answer = await client.post(f"/runs/{shown[1]['id']}/approve", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_void")


async def test_passwords_of_plans_that_nobody_can_approve_are_forgotten(
    client: httpx.AsyncClient, database: asyncpg.Connection
) -> None:
    importing = await begin(client, people(("1", "One", "first")))
    dry = await next_file(importing, people(("1", "One", "second")), dry_run=True)
    assert await sealed(database, importing) == 1
    newer = await next_file(importing, people(("1", "One", "third"), ("2", "Two", "new")), dry_run=True)
    assert await sealed(database, importing) == 2
    assert (await client.post(f"/runs/{dry['id']}/approve", json={})).json()["code"] == "plan_void"
    assert (await decide(importing, newer, "approve"))["status"] == "succeeded"
    assert await sealed(database, importing) == 0
    assert await signs_in(importing, "1", "third")


async def test_an_undo_is_shown_again_where_a_password_changed_since(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", "first"), ("2", "Two", "second"), ("3", "Three", "third")))
    run = await next_file(importing, people(("1", "Uno", "other"), ("2", "Due", "other"), ("3", "Tre", "other")))
    shown = await decide(importing, run, "undo", dry_run=True)
    await set_by_hand(importing, "3", Name="Tre", Secret="by hand")

    again = await decide(importing, shown, "approve")
    assert (again["status"], codes(again)) == ("planned", ["contacts_changed_since"])
    assert again["notes"][0]["message"].startswith("1 of the contacts")
    assert (await plan(importing, again))[0] == ("updated", "3")
    assert [(each["unique_id"], each["column"]) for each in await importing.problems(again["id"])] == [("3", "Secret")]
    assert await signs_in(importing, "1", "other")

    assert (await decide(importing, again, "approve"))["status"] == "succeeded_with_errors"
    assert await signs_in(importing, "1", "first")
    assert await signs_in(importing, "3", "by hand")


async def test_an_undo_is_shown_again_where_a_password_that_its_run_left_alone_changed_since(
    client: httpx.AsyncClient,
) -> None:
    importing = await begin(client, people(("1", "One", "first"), ("2", "Two", "second")))
    run = await next_file(importing, people(("1", "Uno", "first"), ("2", "Due", "second")))
    shown = await decide(importing, run, "undo", dry_run=True)
    await set_by_hand(importing, "2", Name="Due", Secret="by hand")
    again = await decide(importing, shown, "approve")
    assert (again["status"], codes(again)) == ("planned", ["contacts_changed_since"])
    assert await plan(importing, again) == [("updated", "2"), ("updated", "1")]
    assert (await decide(importing, again, "approve"))["status"] == "succeeded"
    assert await signs_in(importing, "2", "by hand")


async def test_a_password_set_to_what_the_run_set_goes_back_with_it(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", "first")))
    run = await next_file(importing, people(("1", "One", "second"), ("2", "Two", "new")))
    for word in ("another", "second"):
        await set_by_hand(importing, "1", Name="One", Secret=word)
    for word in ("another", "new"):
        await set_by_hand(importing, "2", Name="Two", Secret=word)
    undone = await decide(importing, run, "undo")
    assert (undone["status"], await importing.problems(undone["id"])) == ("succeeded", [])
    assert (undone["counts"]["updated"], undone["counts"]["deleted"]) == (1, 1)
    assert await signs_in(importing, "1", "first")


async def test_an_undo_that_nothing_changed_about_is_applied_as_it_was_shown(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", "first"), ("2", "Two", "")))
    before = await importing.contacts()
    run = await next_file(importing, people(("1", "Uno", "other"), ("3", "Three", "third")))
    shown = await decide(importing, run, "undo", dry_run=True)
    await set_by_hand(importing, "99", Name="Somebody else")
    undone = await decide(importing, shown, "approve")
    assert undone["status"] == "succeeded"
    assert await plan(importing, undone) == await plan(importing, shown)
    contacts = await importing.contacts()
    assert contacts.pop("99")["Name"] == "Somebody else"
    assert contacts == before
    assert await signs_in(importing, "1", "first")


async def test_an_undo_that_takes_nothing_back_leaves_the_run_to_be_undone(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(2))
    run = await next_file(importing, many(2, name="New"))
    later = await next_file(importing, many(2, name="Later"))
    nothing = await decide(importing, run, "undo")
    assert (nothing["status"], nothing["counts"]["updated"]) == ("succeeded_with_errors", 0)
    assert (await decide(importing, later, "undo"))["counts"]["updated"] == 2
    assert (await decide(importing, run, "undo"))["counts"]["updated"] == 2
    assert {contact["Name"] for contact in (await importing.contacts()).values()} == {"Name 0", "Name 1"}


async def test_what_a_row_keeps_is_kept_of_a_contact_made_by_hand_meanwhile(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(1), refused_values="keep")
    dry = await next_file(importing, many(1) + "7,Seven,no address,\n", dry_run=True)
    assert dry["counts"]["added"] == 1
    await set_by_hand(importing, "7", Name="By hand", Email="good@example.com")
    again = await decide(importing, dry, "approve")
    assert (again["status"], again["counts"]["updated"]) == ("planned", 1)
    await decide(importing, again, "approve")
    contact = (await importing.contacts())["7"]
    assert (contact["Name"], contact["Email"]) == ("Seven", "good@example.com")


@pytest.mark.parametrize("count", [3, 7_000])
async def test_a_row_whose_value_is_refused_again_still_brings_its_other_values(
    client: httpx.AsyncClient, count: int
) -> None:
    """From five thousand rows on the syncer compares in another way."""
    importing = await begin(client, many(count), refused_values="keep")
    text = many(count)
    for name in ("First", "Second", "Third"):
        run = await next_file(importing, text.replace("1,Name 1,,\n", f"1,{name},no address,\n", 1))
        assert (run["status"], run["counts"]["updated"]) == ("succeeded_with_errors", 1), name
        assert (await importing.contacts())["1"]["Name"] == name
    run = await next_file(importing, text.replace("1,Name 1,,\n", "1,Third,still none,\n", 1))
    assert (run["counts"]["updated"], run["counts"]["unchanged"]) == (0, count)


async def test_an_approval_waits_for_whoever_writes_to_the_manager(
    client: httpx.AsyncClient, database: asyncpg.Connection
) -> None:
    importing = await begin(client, many(3))
    dry = await next_file(importing, many(2), dry_run=True)
    async with database.transaction():
        await database.execute("SELECT FROM managers WHERE id = $1 FOR UPDATE", importing.manager_id)
        answer = await client.post(f"/runs/{dry['id']}/approve", json={})

        async def is_planning() -> bool:
            return bool((await client.get(f"/runs/{answer.json()['id']}")).json()["status"] == "planning")

        await until(is_planning, within=30, what="the approval waits for the manager")
    assert (await importing.finished(answer.json()["id"]))["counts"]["deleted"] == 1


async def test_an_undo_finds_no_contacts_that_are_told_apart_by_another_field_now(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", ""), ("2", "Two", "")))
    run = await next_file(importing, people(("1", "Uno", ""), ("2", "Due", "")))
    for unique_id in ("1", "2"):
        address = f"/managers/{importing.manager_id}/contacts/{unique_id}"
        assert (await client.delete(address)).status_code == 204
    await importing.change(unique_id={"field": "Name"})
    assert (await next_file(importing, people(("1", "Uno", ""))))["status"] == "succeeded"

    undone = await decide(importing, run, "undo")
    assert (undone["status"], undone["error"]["code"]) == ("failed", "key_field_differs")
    assert '"No"' in undone["error"]["message"]
    assert list(await importing.contacts()) == ["Uno"]
