"""Webhooks through the real services: whoever is told of changes alone has the contacts, whatever happens meanwhile."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.file_server import FileServer
from tests.support.imports import Importing, set_up_import
from tests.support.stack import Stack
from tests.support.told_changes import numbers, rebuilt
from tests.support.waiting import until
from tests.support.webhook_receiver import Received, WebhookReceiver, answering, cut
from tests.support.webhook_signatures import verified

CAUGHT_UP = 90
CANARY = "c4n4ry-Xq7"
FIELDS = [("No", "text"), ("Name", "text"), ("Email", "email"), ("Portal", "password")]
COLUMNS = [("No", "No"), ("Name", "Name"), ("E-mail", "Email"), ("Portal", "Portal")]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole system, for which a few rows are many: first loads are the log of their own additions."""
    folder = tmp_path_factory.mktemp("webhooks") / "data"
    settings = {"CONTACTS_SYNC_WEBHOOKS__TIMEOUT_SECONDS": "2"}
    async with Stack(folder, module="tests.support.few_are_many", settings=settings) as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with stack.client() as client:
        yield client


def people(names: dict[int, str]) -> bytes:
    lines = [f"{number},{name},p{number}@example.com,{CANARY}{number}" for number, name in names.items()]
    return "\n".join(["No,Name,E-mail,Portal", *lines, ""]).encode()


async def made(client: httpx.AsyncClient, receiver: WebhookReceiver, **given: Any) -> dict[str, Any]:
    body = {"url": receiver.url(), "events": ["contacts.changed", "import.finished"]} | given
    answer = await client.post("/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def caught_up(client: httpx.AsyncClient, webhook: dict[str, Any], ended: int, receiver: WebhookReceiver) -> None:
    """Wait until a receiver was told of so many runs and of all changes."""

    async def told() -> bool:
        view = (await client.get(f"/webhooks/{webhook['id']}")).json()
        waits = view["messages_waiting"]["count"] or view["changes_behind"]
        return not waits and len({each.id for each in receiver.of("import.finished")}) >= ended

    await until(told, within=CAUGHT_UP, what="the receiver was told all", every=0.2)


async def held(importing: Importing) -> dict[str, dict[str, str]]:
    return {
        unique_id: {name: fields[name] for name in ("Name", "Email") if fields.get(name)}
        for unique_id, fields in (await importing.contacts()).items()
    }


async def test_runs_undos_edits_and_kills(stack: Stack, client: httpx.AsyncClient) -> None:
    async with WebhookReceiver() as receiver, FileServer() as files:
        source = {"kind": "remote", "url": files.url("/people.csv")}
        importing = await set_up_import(
            client, source, fields=FIELDS, mapping=COLUMNS, options={"delete_missing": True, "error_emails": []}
        )
        webhook = await made(client, receiver, manager_id=importing.manager_id)
        contacts = f"/managers/{importing.manager_id}/contacts"

        files.files["/people.csv"] = people({number: f"Name {number}" for number in range(220)})
        first = await importing.run()
        stack.kill_service("notifier")
        for unique_id in ("1", "2", "by-hand"):
            answer = await client.put(f"{contacts}/{unique_id}", json={"fields": {"Name": "Edited", "Portal": CANARY}})
            assert answer.status_code in {200, 201}, answer.text
        assert (await client.delete(f"{contacts}/3")).status_code == 204
        files.files["/people.csv"] = people({number: f"Name {number % 50}" for number in range(20, 260)})
        second = await importing.run()

        async def cut_once(received: Received, writer: Any) -> None:
            receiver.behaviour = answering(200)
            await cut(received, writer)

        receiver.behaviour = cut_once
        undone = (await client.post(f"/runs/{second['id']}/undo")).json()
        undo = await importing.finished(undone["id"])
        runs = [first, second, undo]
        await caught_up(client, webhook, len(runs), receiver)

        assert [run["status"] for run in runs] == ["succeeded"] * 3
        assert rebuilt(receiver.of("contacts.changed")) == await held(importing)
        told = {each.data["run_id"]: each.data for each in receiver.of("import.finished")}
        assert set(told) == {run["id"] for run in runs}
        for run in runs:
            assert told[run["id"]]["counts"] == {name: run["counts"][name] for name in told[run["id"]]["counts"]}
        assert not [each for each in receiver.received if CANARY.encode() in each.body]
        for each in receiver.received:
            verified(each, webhook["secret"])

        receiver.received.clear()
        answer = await client.post(f"/webhooks/{webhook['id']}/replay", json={"run_id": second["id"]})
        assert answer.status_code == 202, answer.text
        await caught_up(client, webhook, 0, receiver)
        again = numbers(receiver.of("contacts.changed"))
        assert again == list(range(answer.json()["from_number"], again[-1] + 1))
        assert len(again) == answer.json()["changes"]
