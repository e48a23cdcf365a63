"""Webhooks over the API."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.rules.roles import Role
from shared.rules.webhook_secret import SECRET_BYTES, secret_key
from shared.store.webhooks import SECRET_PURPOSE
from tests.integration.web.conftest import NOW, Web, problem
from tests.support.accounts import know_token, make_account

URL = "https://receiver.example/in?key=k3y"
BODY: dict[str, Any] = {"url": URL, "events": ["import.finished", "contacts.changed"]}
SOON = NOW.isoformat().replace("+00:00", "Z")


async def made(web: Web, **given: Any) -> dict[str, Any]:
    answer = await web.api.post("/webhooks", json=BODY | given)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def noted(web: Web) -> list[tuple[str, str, dict[str, Any]]]:
    items = (await web.api.get("/audit")).json()["items"]
    return [(each["what"], each["object_name"], each["details"]) for each in items if each["object_kind"] == "webhook"]


async def put(web: Web, manager_id: str, unique_id: str) -> None:
    answer = await web.api.put(f"/managers/{manager_id}/contacts/{unique_id}", json={"fields": {}})
    assert answer.status_code == 201, answer.text


async def test_a_webhook_is_made_and_its_secret_shown_once(web: Web) -> None:
    webhook = await made(web)
    assert len(secret_key(webhook.pop("secret"))) == SECRET_BYTES
    assert webhook == {
        "id": webhook["id"],
        "url": URL,
        "events": ["contacts.changed", "import.finished"],
        "manager_id": None,
        "state": "enabled",
        "reason": None,
        "created_at": SOON,
        "changed_at": SOON,
        "succeeded_at": None,
        "old_secret_until": None,
        "messages_waiting": {"count": 0, "since": None},
        "changes_behind": 0,
    }
    assert (await web.api.get(f"/webhooks/{webhook['id']}")).json() == webhook
    assert (await web.api.get("/webhooks")).json() == {"items": [webhook], "next": None}


async def test_secrets_lie_sealed_also_in_answers_that_are_kept(web: Web) -> None:
    key = {"Idempotency-Key": "once"}
    first = await web.api.post("/webhooks", json=BODY, headers=key)
    again = await web.api.post("/webhooks", json=BODY, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    renewed = await web.api.post(f"/webhooks/{first.json()['id']}/secret", headers={"Idempotency-Key": "new"})
    assert await web.db.fetchval("SELECT count(*) FROM webhooks") == 1
    row = await web.db.fetchrow("SELECT secret, old_secret FROM webhooks")
    assert row is not None
    secrets = [renewed.json()["secret"], first.json()["secret"]]
    sealer = web.app.state.resources.sealer
    assert [sealer.open(sealed, SECRET_PURPOSE) for sealed in row] == secrets
    for table in ("webhooks", "idempotency_keys", "audit_log"):
        whole = str([each["row"] for each in await web.db.fetch(f"SELECT t::text AS row FROM {table} t")])
        assert not [secret for secret in secrets if secret in whole], table


async def test_a_new_secret_tells_how_long_the_old_one_counts(web: Web) -> None:
    webhook = await made(web)
    answer = await web.api.post(f"/webhooks/{webhook['id']}/secret")
    assert answer.status_code == 201
    assert answer.json()["secret"] != webhook["secret"]
    assert answer.json()["old_secret_until"] == "2026-11-21T12:00:00Z"
    assert (await web.api.get(f"/webhooks/{webhook['id']}")).json()["old_secret_until"] == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"url": "ftp://receiver.example/"}, "url_invalid", "url"),
        ({"url": "receiver.example"}, "url_invalid", "url"),
        ({"url": "https://"}, "url_invalid", "url"),
        ({"url": "https://me:secret@receiver.example/"}, "url_invalid", "url"),
        ({"url": "https://receiver.example\\@10.0.0.1/"}, "url_invalid", "url"),
        ({"url": "https://receiver.example:0/"}, "url_invalid", "url"),
        ({"url": "https://receiver.example/" + "x" * 2000}, "invalid", "url"),
        ({"events": []}, "invalid", "events"),
        ({"events": ["import.deleted"]}, "invalid", "events.0"),
        ({"manager_id": str(uuid4())}, "manager_not_found", "manager_id"),
        ({"state": "disabled"}, "invalid", "state"),
        ({"secret": "mine"}, "invalid", "secret"),
    ],
)
async def test_what_cannot_be_a_webhook(web: Web, given: dict[str, Any], code: str, field: str) -> None:
    assert problem(await web.api.post("/webhooks", json=BODY | given)) == (422, code, field)
    assert await web.db.fetchval("SELECT count(*) FROM webhooks") == 0


async def test_an_address_is_kept_in_its_canonical_form(web: Web) -> None:
    webhook = await made(web, url=" HTTPS://Receiver.Example:443/a b?x=1#part ")
    assert webhook["url"] == "https://receiver.example/a%20b?x=1"


async def test_changing_a_webhook(web: Web) -> None:
    manager = await web.manager()
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    changed = await web.api.patch(path, json={"manager_id": manager["id"], "events": ["import.finished"]})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["manager_id"], changed.json()["events"]) == (manager["id"], ["import.finished"])
    assert changed.json()["url"] == URL
    paused = (await web.api.patch(path, json={"state": "paused", "manager_id": None})).json()
    assert (paused["state"], paused["manager_id"]) == ("paused", None)
    assert problem(await web.api.patch(path, json={"reason": "x"})) == (422, "invalid", "reason")
    assert problem(await web.api.patch(path, json={"url": None})) == (422, "invalid", "url")
    assert problem(await web.api.patch(f"/webhooks/{uuid4()}", json={})) == (404, "webhook_not_found", None)


async def test_what_was_disabled_can_be_enabled_and_sends_at_once(web: Web) -> None:
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    await web.api.post(f"{path}/test")
    await web.db.execute(
        "UPDATE webhook_deliveries SET next_try_at = next_try_at + interval '1 day', tries = 10, tried_at = created_at"
    )
    await web.db.execute("UPDATE webhooks SET state = 'disabled', reason = 'It failed.', rests_until = now()")
    view = (await web.api.get(path)).json()
    assert (view["state"], view["reason"], view["messages_waiting"]["count"]) == ("disabled", "It failed.", 1)
    view = (await web.api.patch(path, json={"state": "enabled"})).json()
    assert (view["state"], view["reason"]) == ("enabled", None)
    (message,) = (await web.api.get(f"{path}/deliveries")).json()["items"]
    assert (message["next_try_at"], message["tries"]) == (SOON, 0)


async def test_deleting_a_webhook_takes_its_messages_along(web: Web) -> None:
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    await web.api.post(f"{path}/test")
    assert (await web.api.delete(path)).status_code == 204
    assert problem(await web.api.get(path)) == (404, "webhook_not_found", None)
    assert problem(await web.api.get(f"{path}/deliveries")) == (404, "webhook_not_found", None)
    assert await web.db.fetchval("SELECT count(*) FROM webhook_deliveries") == 0


async def test_a_webhook_goes_with_its_manager(web: Web) -> None:
    manager = await web.manager(key_field="Employee no")
    kept = await made(web)
    await made(web, manager_id=manager["id"])
    await put(web, manager["id"], "1")
    assert (await web.api.delete(f"/managers/{manager['id']}")).status_code == 204
    assert [each["id"] for each in (await web.api.get("/webhooks")).json()["items"]] == [kept["id"]]
    assert await web.db.fetchval("SELECT count(*) FROM webhook_cursors") == 0


async def test_messages_are_listed_in_pages_and_sent_again(web: Web) -> None:
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    sent = [(await web.api.post(f"{path}/test")).json() for _ in range(3)]
    assert {each["type"] for each in sent} == {"webhook.test"}
    first = (await web.api.get(f"{path}/deliveries", params={"limit": 2})).json()
    second = (await web.api.get(f"{path}/deliveries", params={"limit": 2, "cursor": first["next"]})).json()
    assert first["items"] + second["items"] == sent[::-1]
    await web.db.execute("UPDATE webhook_deliveries SET state = 'failed', next_try_at = NULL, tries = 1")
    again = await web.api.post(f"{path}/deliveries/{sent[0]['id']}/replay")
    assert again.status_code == 202, again.text
    assert (again.json()["state"], again.json()["message_id"]) == ("pending", sent[0]["message_id"])
    unknown = await web.api.post(f"{path}/deliveries/{uuid4()}/replay")
    assert problem(unknown) == (404, "delivery_not_found", None)
    other = await made(web)
    assert problem(await web.api.post(f"/webhooks/{other['id']}/deliveries/{sent[0]['id']}/replay"))[0] == 404


async def test_a_test_is_sent_once_for_a_key(web: Web) -> None:
    webhook = await made(web)
    answers = [
        await web.api.post(f"/webhooks/{webhook['id']}/test", headers={"Idempotency-Key": "t"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert {each.status_code for each in answers} == {202}
    assert problem(await web.api.post(f"/webhooks/{uuid4()}/test"))[:2] == (404, "webhook_not_found")


async def test_how_far_it_is_behind_and_what_it_is_told_again(web: Web) -> None:
    manager = await web.manager(key_field="Employee no")
    await put(web, manager["id"], "before")
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    for number in range(4):
        await put(web, manager["id"], str(number))
    assert (await web.api.get(path)).json()["changes_behind"] == 4
    await web.db.execute("UPDATE webhook_cursors SET number = 5")
    assert (await web.api.get(path)).json()["changes_behind"] == 0
    told = await web.api.post(f"{path}/replay", json={"manager_id": manager["id"], "from_number": 3})
    assert (told.status_code, told.json()) == (
        202,
        {"manager_id": manager["id"], "from_number": 3, "changes": 3},
    )
    assert (await web.api.get(path)).json()["changes_behind"] == 3


async def test_a_run_names_where_to_tell_again_from(web: Web) -> None:
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs")).json()["id"]
    webhook = await made(web, manager_id=manager["id"])
    path = f"/webhooks/{webhook['id']}/replay"
    assert problem(await web.api.post(path, json={"run_id": run})) == (422, "run_not_applied", "run_id")
    assert problem(await web.api.post(path, json={"run_id": str(uuid4())})) == (422, "run_not_applied", "run_id")
    await web.db.execute(
        "UPDATE runs SET status = 'succeeded', applied_at = now(), finished_at = now(), plan_change_number = 6"
    )
    await web.db.execute("UPDATE managers SET change_number = 9")
    await web.db.execute("UPDATE webhook_cursors SET number = 9")
    told = (await web.api.post(path, json={"run_id": run})).json()
    assert told == {"manager_id": manager["id"], "from_number": 7, "changes": 3}
    assert (await web.api.post(path, json={"from_number": 9})).json()["changes"] == 1


@pytest.mark.parametrize(
    "given", [{}, {"manager_id": str(uuid4())}, {"from_number": 1}, {"run_id": str(uuid4()), "from_number": 1}]
)
async def test_a_replay_has_to_be_clear(web: Web, given: dict[str, Any]) -> None:
    webhook = await made(web)
    answer = await web.api.post(f"/webhooks/{webhook['id']}/replay", json=given)
    assert problem(answer) == (422, "replay_unclear", "from_number")


async def test_a_replay_is_of_what_the_webhook_is_told(web: Web) -> None:
    managers = [(await web.manager(name=name))["id"] for name in ("One", "Two")]
    finished = await made(web, events=["import.finished"])
    of_one = await made(web, manager_id=managers[0])
    everything = await made(web)

    async def told(webhook: dict[str, Any], manager_id: str) -> httpx.Response:
        given = {"manager_id": manager_id, "from_number": 1}
        return await web.api.post(f"/webhooks/{webhook['id']}/replay", json=given)

    assert problem(await told(finished, managers[0]))[1] == "event_not_wanted"
    assert problem(await told(of_one, managers[1])) == (422, "manager_not_told", "manager_id")
    assert problem(await told(everything, str(uuid4()))) == (422, "manager_not_found", "manager_id")


async def test_each_change_is_noted_without_what_may_be_secret(web: Web) -> None:
    webhook = await made(web)
    path = f"/webhooks/{webhook['id']}"
    name = "https://receiver.example/in?…"
    created = {
        "url": {"before": None, "after": name},
        "events": {"before": None, "after": "contacts.changed, import.finished"},
        "state": {"before": None, "after": "enabled"},
    }
    assert await noted(web) == [("webhook.created", name, created)]
    await web.api.patch(path, json={"url": "https://receiver.example/in?key=another"})
    assert (await noted(web))[0] == ("webhook.changed", name, {"url": {"changed": True}})
    await web.api.patch(path, json={"state": "paused"})
    assert (await noted(web))[0][2] == {"state": {"before": "enabled", "after": "paused"}}
    await web.api.patch(path, json={"state": "paused"})
    assert len(await noted(web)) == 3
    await web.api.post(f"{path}/secret")
    assert (await noted(web))[0] == ("webhook.secret_replaced", name, {"secret": {"changed": True}})
    sent = (await web.api.post(f"{path}/test")).json()
    assert len(await noted(web)) == 4
    await web.api.post(f"{path}/deliveries/{sent['id']}/replay")
    assert (await noted(web))[0][2] == {"message": {"before": None, "after": f"webhook.test {sent['message_id']}"}}
    manager = await web.manager()
    await web.api.post(f"{path}/replay", json={"manager_id": manager["id"], "from_number": 2})
    assert (await noted(web))[0][2]["from number"] == {"before": None, "after": 2}
    await web.api.delete(path)
    assert (await noted(web))[0] == ("webhook.deleted", name, {})
    whole = str(await web.db.fetch("SELECT a::text FROM audit_log a"))
    assert not [secret for secret in ("k3y", "another", webhook["secret"]) if secret in whole]
    assert UUID(webhook["id"])


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
async def test_only_admins_have_them(web: Web, role: Role) -> None:
    webhook = await made(web)
    await know_token(web.dsn, await make_account(web.dsn, "bot", "a password of hers", role), "its-token", role)
    web.api.headers["authorization"] = "Bearer its-token"
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks"), ("GET", f"/webhooks/{webhook['id']}")):
        answer = await web.api.request(method, path, json=BODY if method == "POST" else None)
        assert problem(answer)[:2] == (403, "role_missing")
