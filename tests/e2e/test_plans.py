"""Plans that people decide on, through the real services: approved as they were shown, undone field by field."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.imports import Importing, Json, csv_of, set_up_import
from tests.support.stack import Stack

HEADER = ["No", "Name", "E-mail", "Secret"]


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


async def uploaded(client: httpx.AsyncClient, text: str) -> Json:
    answer = await client.post("/uploads", params={"name": "people.csv"}, content=text.encode())
    assert answer.status_code == 201, answer.text
    return {"kind": "upload", "upload_id": answer.json()["upload_id"]}


def people(*rows: tuple[str, str, str]) -> str:
    return csv_of([[number, name, "", secret] for number, name, secret in rows], HEADER)


def many(count: int, start: int = 0, name: str = "Name") -> str:
    return people(*((str(number), f"{name} {number}", "") for number in range(start, start + count)))


async def begin(client: httpx.AsyncClient, text: str, **options: object) -> Importing:
    importing = await set_up_import(
        client,
        await uploaded(client, text),
        options={"delete_missing": True} | options,
        fields=[("No", "text"), ("Name", "text"), ("Email", "email"), ("Secret", "password")],
        mapping=[("No", "No"), ("Name", "Name"), ("E-mail", "Email"), ("Secret", "Secret")],
    )
    assert (await importing.run())["status"] == "succeeded"
    return importing


async def next_file(importing: Importing, text: str, *, dry_run: bool = False) -> Json:
    await importing.change(source=await uploaded(importing.client, text))
    answer = await importing.client.post(f"/imports/{importing.import_id}/runs", json={"dry_run": dry_run})
    assert answer.status_code == 202, answer.text
    return await importing.finished(answer.json()["id"])


async def decide(importing: Importing, run: Json, what: str, **asked: object) -> Json:
    dry_run = asked.pop("dry_run", False)
    answer = await importing.client.post(f"/runs/{run['id']}/{what}", params={"dry_run": bool(dry_run)}, json=asked)
    assert answer.status_code == 202, answer.text
    return await importing.finished(answer.json()["id"])


async def plan(importing: Importing, run: Json) -> list[tuple[str, str]]:
    page = (await importing.client.get(f"/runs/{run['id']}/plan", params={"limit": 1000})).json()
    return [(item["change"], item["unique_id"]) for item in page["items"]]


async def edit(importing: Importing, unique_id: str, name: str) -> None:
    address = f"/managers/{importing.manager_id}/contacts/{unique_id}"
    answer = await importing.client.put(address, json={"fields": {"Name": name}})
    assert answer.status_code in {200, 201}, answer.text


async def signs_in(importing: Importing, unique_id: str, password: str) -> bool:
    answer = await importing.client.post(
        f"/managers/{importing.manager_id}/portal-sign-in", json={"unique_id": unique_id, "password": password}
    )
    assert answer.status_code in {204, 401}, answer.text
    return answer.status_code == 204


async def test_a_refused_plan_is_applied_as_it_was_shown(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(50), limits={"deletes": {"percent": 20}})
    refused = await next_file(importing, many(40, name="New"))
    assert (refused["status"], refused["error"]["code"]) == ("refused", "limit_deletes")
    shown = await plan(importing, refused)
    assert ("deleted", "45") in shown

    approved = await decide(importing, refused, "approve", reason="They left.")
    assert (approved["status"], approved["trigger"], approved["approves"]) == ("succeeded", "approve", refused["id"])
    assert (approved["requested_by"], approved["reason"]) == ("admin", "They left.")
    assert (await client.get(f"/runs/{refused['id']}")).json()["approved_by"] == approved["id"]
    assert (approved["counts"]["updated"], approved["counts"]["deleted"]) == (40, 10)
    assert await plan(importing, approved) == shown
    assert set(await importing.contacts()) == {str(number) for number in range(40)}

    again = await client.post(f"/runs/{refused['id']}/approve", json={})
    assert (again.status_code, again.json()["code"]) == (409, "plan_void")


async def test_additions_and_updates_alone_can_be_approved(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(10), limits={"deletes": {"count": 1}})
    refused = await next_file(importing, many(10, start=5, name="New"))
    approved = await decide(importing, refused, "approve", only="additions_and_updates")
    assert (approved["counts"]["added"], approved["counts"]["updated"], approved["counts"]["deleted"]) == (5, 5, 0)
    assert len(await importing.contacts()) == 15


async def test_what_changed_since_is_planned_again_and_shown_first(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(10), limits={"deletes": {"count": 1}})
    refused = await next_file(importing, many(5, name="New"))
    await edit(importing, "3", "By hand")
    await edit(importing, "8", "By hand too")
    await client.delete(f"/managers/{importing.manager_id}/contacts/9")

    first = await decide(importing, refused, "approve")
    assert (first["status"], first["counts"]["updated"], first["counts"]["deleted"]) == ("planned", 5, 4)
    assert [note["code"] for note in first["notes"]] == ["contacts_changed_since"]
    assert (await plan(importing, first))[:2] == [("updated", "3"), ("deleted", "8")]
    assert len(await importing.contacts()) == 9

    second = await decide(importing, first, "approve")
    assert (second["status"], second["counts"]["deleted"]) == ("succeeded", 4)
    contacts = await importing.contacts()
    assert set(contacts) == {"0", "1", "2", "3", "4"}
    assert contacts["3"]["Name"] == "New 3"


async def test_a_newer_run_voids_a_plan(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(10), limits={"deletes": {"count": 1}})
    refused = await next_file(importing, many(5))
    assert (await next_file(importing, many(10)))["status"] == "succeeded"
    answer = await client.post(f"/runs/{refused['id']}/approve", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_void")


async def test_a_dry_run_becomes_a_run(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", "old"), ("2", "Two", "")))
    dry = await next_file(importing, people(("1", "Uno", "new"), ("3", "Three", "third")), dry_run=True)
    assert (dry["status"], dry["counts"]["added"], dry["counts"]["deleted"]) == ("planned", 1, 1)
    assert await signs_in(importing, "1", "old")

    run = await decide(importing, dry, "approve")
    assert run["status"] == "succeeded"
    assert await signs_in(importing, "1", "new")
    assert await signs_in(importing, "3", "third")
    assert not await signs_in(importing, "1", "old")


async def test_undo_restores_fields_passwords_and_contacts(client: httpx.AsyncClient) -> None:
    importing = await begin(client, people(("1", "One", "first"), ("2", "Two", ""), ("3", "Three", "third")))
    before = await importing.contacts()
    run = await next_file(importing, people(("1", "Uno", "changed"), ("2", "Two", "added"), ("4", "Four", "")))
    after = await importing.contacts()

    shown = await decide(importing, run, "undo", dry_run=True)
    assert shown["status"] == "planned"
    assert await importing.contacts() == after

    undo = await decide(importing, run, "undo", reason="Wrong file.")
    assert (undo["status"], undo["trigger"], undo["undoes"]) == ("succeeded", "undo", run["id"])
    assert await plan(importing, undo) == await plan(importing, shown)
    assert await importing.contacts() == before
    assert await signs_in(importing, "1", "first")
    assert await signs_in(importing, "3", "third")
    assert not await signs_in(importing, "2", "added")
    assert (await client.get(f"/runs/{run['id']}")).json()["undone_by"] == undo["id"]
    answer = await client.post(f"/runs/{run['id']}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_undoable")

    again = await decide(importing, undo, "undo")
    assert again["status"] == "succeeded"
    assert await importing.contacts() == after
    assert await signs_in(importing, "1", "changed")
    assert await signs_in(importing, "2", "added")


async def test_undo_keeps_and_lists_what_was_changed_since(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(4))
    run = await next_file(importing, many(3, start=1, name="New") + "9,Nine,,\n")
    await edit(importing, "1", "By hand")
    await edit(importing, "9", "By hand")
    await edit(importing, "0", "Made again")
    await client.delete(f"/managers/{importing.manager_id}/contacts/2")

    undo = await decide(importing, run, "undo")
    assert (undo["status"], undo["counts"]["updated"]) == ("succeeded_with_errors", 1)
    problems = [(item["code"], item["unique_id"], item["column"]) for item in await importing.problems(undo["id"])]
    assert sorted(problems, key=str) == [
        ("edit_kept", "0", None),
        ("edit_kept", "1", "Name"),
        ("edit_kept", "2", None),
        ("edit_kept", "9", None),
    ]
    names = {number: contact["Name"] for number, contact in (await importing.contacts()).items()}
    assert names == {"0": "Made again", "1": "By hand", "3": "Name 3", "9": "By hand"}


async def test_a_large_first_load_can_be_undone_and_its_log_is_complete(client: httpx.AsyncClient) -> None:
    count = 30_000
    importing = await begin(client, many(count))
    first = (await client.get(f"/imports/{importing.import_id}/runs")).json()["items"][0]
    await next_file(importing, many(count - 100, name="Name").replace("Name 7,", "Seven,"))
    await edit(importing, "11", "By hand")

    history = (await client.get(f"/managers/{importing.manager_id}/contacts/7/history")).json()["items"]
    assert [(item["change"], item["line"], item["trigger"]) for item in history] == [
        ("updated", 9, "api"),
        ("added", 9, "api"),
    ]
    assert history[0]["fields"] == [{"field": "Name", "before": "Name 7", "after": "Seven"}]
    gone = (await client.get(f"/managers/{importing.manager_id}/contacts/29999/history")).json()["items"]
    assert [item["change"] for item in gone] == ["deleted", "added"]
    by_hand = (await client.get(f"/managers/{importing.manager_id}/contacts/11/history")).json()["items"]
    assert [(item["change"], item["by"]) for item in by_hand] == [("updated", "admin"), ("added", "admin")]

    listed = await client.get(f"/runs/{first['id']}/plan", params={"kind": "added", "limit": 1000})
    assert len(listed.json()["items"]) == 1000
    undo = await decide(importing, first, "undo")
    assert (undo["counts"]["deleted"], len(await importing.problems(undo["id"]))) == (count - 102, 2)
    assert set(await importing.contacts()) == {"7", "11"}


async def test_runs_and_edits_on_one_manager_lose_nothing(client: httpx.AsyncClient) -> None:
    importing = await begin(client, many(2000))
    source = await uploaded(client, many(2000, name="Other"))
    await importing.change(source=source)
    answer = await client.post(f"/imports/{importing.import_id}/runs", json={})
    await asyncio.gather(*(edit(importing, str(5000 + number), "By hand") for number in range(20)))
    run = await importing.finished(answer.json()["id"])
    assert run["counts"]["updated"] == 2000
    contacts = await importing.contacts()
    made = {number for number in contacts if int(number) >= 5000}
    assert len(made) == 20 - run["counts"]["deleted"]
