"""Who changed what: written with each change, by pages and API alike, and never a secret."""

import ast
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.rules.roles import Role
from tests.integration.web.conftest import CANARY, LOGIN, NOW, PASSWORD, Web, import_body, problem
from tests.integration.web.routes import our_routes
from tests.integration.web.test_pages import FORM, csrf, send, sign_in
from tests.support.accounts import make_account

TOKEN_NAME = "for tests, admin"
SERVICES = Path(__file__).resolve().parents[3] / "services" / "web"

NOTED = {
    ("POST", "/api/v1/managers"),
    ("PATCH", "/api/v1/managers/{manager_id}"),
    ("DELETE", "/api/v1/managers/{manager_id}"),
    ("POST", "/api/v1/managers/{manager_id}/fields"),
    ("PATCH", "/api/v1/managers/{manager_id}/fields/{name:path}"),
    ("PUT", "/api/v1/managers/{manager_id}/contacts/{unique_id:path}"),
    ("POST", "/api/v1/imports"),
    ("PATCH", "/api/v1/imports/{import_id}"),
    ("DELETE", "/api/v1/imports/{import_id}"),
    ("POST", "/api/v1/imports/{import_id}/pause"),
    ("POST", "/api/v1/imports/{import_id}/resume"),
    ("POST", "/api/v1/runs/{run_id}/cancel"),
    ("POST", "/api/v1/runs/{run_id}/approve"),
    ("POST", "/api/v1/runs/{run_id}/undo"),
    ("POST", "/managers"),
    ("POST", "/managers/{manager_id}/fields"),
    ("POST", "/managers/{manager_id}/searchable-fields"),
    ("POST", "/managers/{manager_id}/contacts/new"),
    ("POST", "/imports/fields"),
    ("POST", "/imports/new"),
    ("POST", "/imports/{import_id}/edit"),
    ("POST", "/imports/{import_id}/delete"),
    ("POST", "/imports/{import_id}/pause"),
    ("POST", "/imports/{import_id}/resume"),
    ("POST", "/runs/{run_id}/cancel"),
    ("POST", "/runs/{run_id}/approve"),
    ("PUT", "/api/v1/operations/applies-pause"),
    ("DELETE", "/api/v1/operations/applies-pause"),
    ("POST", "/operations/pause"),
    ("POST", "/operations/resume"),
    ("POST", "/operations/dead-letters/replay"),
    ("POST", "/api/v1/webhooks"),
    ("PATCH", "/api/v1/webhooks/{webhook_id}"),
    ("DELETE", "/api/v1/webhooks/{webhook_id}"),
    ("POST", "/api/v1/webhooks/{webhook_id}/secret"),
    ("POST", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"),
    ("POST", "/api/v1/webhooks/{webhook_id}/replay"),
    ("POST", "/webhooks"),
    ("POST", "/webhooks/{webhook_id}/edit"),
    ("POST", "/webhooks/{webhook_id}/state"),
    ("POST", "/webhooks/{webhook_id}/delete"),
    ("POST", "/webhooks/{webhook_id}/secret"),
    ("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"),
    ("POST", "/webhooks/{webhook_id}/replay"),
    ("POST", "/operations/test-mail"),
    ("POST", "/account/password"),
    ("POST", "/account/tokens"),
    ("POST", "/account/tokens/{token_id}/revoke"),
    ("POST", "/accounts"),
    ("POST", "/accounts/{account_id}/role"),
    ("POST", "/accounts/{account_id}/reset-password"),
    ("POST", "/accounts/{account_id}/deactivate"),
    ("POST", "/accounts/{account_id}/activate"),
    ("POST", "/accounts/{account_id}/tokens/{token_id}/revoke"),
}
"""Routes that change what is set up, or decide about a run."""

NOTHING_TO_NOTE = {
    ("POST", "/login"),
    ("POST", "/logout"),
    # Runs say themselves who asked for them, contacts' histories who edited them.
    ("POST", "/imports/{import_id}/run"),
    ("POST", "/api/v1/imports/{import_id}/runs"),
    ("DELETE", "/api/v1/managers/{manager_id}/contacts/{unique_id:path}"),
    ("POST", "/managers/{manager_id}/contacts/edit"),
    ("POST", "/managers/{manager_id}/contacts/delete"),
    ("POST", "/runs/{run_id}/undo"),  # shows what it would do
    # What follows changes nothing that is set up.
    ("POST", "/imports/preview"),
    ("POST", "/imports/schedule-preview"),
    # A set-up that is not finished is nobody else's business; it is noted once it is.
    ("POST", "/imports/steps"),
    ("POST", "/imports/dry-run"),
    ("POST", "/imports/drafts/{draft_id}/discard"),
    ("POST", "/imports/test-connection"),
    ("POST", "/api/v1/uploads"),
    ("POST", "/api/v1/previews"),
    ("POST", "/api/v1/schedule-previews"),
    ("POST", "/api/v1/test-connection"),
    ("POST", "/api/v1/imports/{import_id}/test-connection"),
    ("POST", "/api/v1/managers/{manager_id}/portal-sign-in"),
    ("POST", "/api/v1/managers/{manager_id}/replay-changes"),
    ("POST", "/api/v1/webhooks/{webhook_id}/test"),
    ("POST", "/webhooks/{webhook_id}/test"),
}

WRITERS = {
    "add_field",
    "ask_for_mail_test",
    "create_import",
    "create_manager",
    "create_webhook",
    "delete_import",
    "delete_manager",
    "delete_webhook",
    "enable_webhook",
    "finish_import",
    "pause_applies",
    "pause_import",
    "pause_webhook",
    "rename_manager",
    "replace_secret",
    "replay_from",
    "replay_run",
    "request_approval",
    "request_undo",
    "resume_applies",
    "resume_import",
    "send_again",
    "set_key_field",
    "set_searchable",
    "update_import",
    "update_webhook",
}
"""What the stores have to change what is set up; those of accounts note it themselves."""


async def entries(web: Web, **query: str) -> list[dict[str, Any]]:
    answer = await web.api.get("/audit", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def newest(web: Web) -> tuple[str, str, dict[str, Any]]:
    found = (await entries(web))[0]
    return found["what"], found["object_name"], found["details"]


async def test_every_route_that_changes_something_was_thought_of(web: Web) -> None:
    changing = {(route.method, route.path) for route in our_routes(web.app) if route.method != "GET"}
    assert changing == NOTED | NOTHING_TO_NOTE
    assert not NOTED & NOTHING_TO_NOTE


@pytest.mark.parametrize("folder", ["api", "pages"])
def test_routes_change_nothing_without_the_functions_that_note_it(folder: str) -> None:
    silent = []
    for path in (SERVICES / folder).glob("*.py"):
        names: list[str] = []
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.store"):
                names += [each.name for each in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "store":
                names.append(node.attr)
        silent += [(path.name, name) for name in names if name in WRITERS]
    assert silent == []


async def test_changes_by_the_api_are_noted(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    what, name, details = await newest(web)
    assert (what, name) == ("manager.created", "Staff")
    assert details["name"] == {"before": None, "after": "Staff"}
    assert details["fields.Email"] == {"before": None, "after": "email"}
    path = f"/managers/{made['id']}"
    await web.api.patch(path, json={"name": "People", "fields": [*made["fields"], {"name": "Born", "kind": "date"}]})
    wanted = {"name": {"before": "Staff", "after": "People"}, "fields.Born": {"before": None, "after": "date"}}
    assert await newest(web) == ("manager.changed", "People", wanted)
    await web.api.post(f"{path}/fields", json={"name": "Left", "kind": "date"})
    assert await newest(web) == ("field.added", "People", {"Left": {"before": None, "after": "date"}})
    await web.api.patch(f"{path}/fields/Email", json={"is_searchable": True})
    wanted = {"searched_fields": {"before": None, "after": "Email"}}
    assert await newest(web) == ("manager.changed", "People", wanted)
    entry = await web.new_import(made["id"], schedule={"start": "2026-12-01T06:00:00", "time_zone": "Europe/Berlin"})
    what, name, details = await newest(web)
    assert (what, name) == ("import.created", "HR file")
    assert details["source.url"]["after"] == "sftp://files.example:2222/out/people.csv"
    assert details["source.password"] == {"changed": True}
    assert details["mapping.Email.column"] == {"before": None, "after": "E-mail"}
    assert details["schedule.start"]["after"] == "2026-12-01T06:00:00"
    assert "options.delimiter" not in details
    path = f"/imports/{entry['id']}"
    await web.api.patch(path, json={"options": {"delete_missing": True}, "source": {"password": "another"}})
    wanted = {"options.delete_missing": {"before": False, "after": True}, "source.password": {"changed": True}}
    assert await newest(web) == ("import.changed", "HR file", wanted)
    await web.api.patch(path, json={"schedule": {"start": "2026-12-02T06:00:00"}})
    wanted = {"schedule.start": {"before": "2026-12-01T06:00:00", "after": "2026-12-02T06:00:00"}}
    assert await newest(web) == ("schedule.changed", "HR file", wanted)
    await web.api.patch(path, json={"name": "HR file"})
    assert await newest(web) == ("schedule.changed", "HR file", wanted)
    await web.api.post(f"{path}/pause")
    what, name, details = await newest(web)
    assert (what, name, details["from"]["after"][:16]) == ("schedule.paused", "HR file", "2026-11-20T12:00")
    await web.api.post(f"{path}/resume")
    assert (await newest(web))[:2] == ("schedule.resumed", "HR file")
    run = (await web.api.post(f"{path}/runs")).json()
    await web.api.post(f"/runs/{run['id']}/cancel")
    assert await newest(web) == ("run.cancelled", "HR file", {})
    await web.api.delete(path)
    assert await newest(web) == ("import.deleted", "HR file", {})
    await web.api.delete(f"/managers/{made['id']}")
    assert await newest(web) == ("manager.deleted", "People", {"contacts": {"before": 0, "after": None}})
    of_import = await entries(web, object_id=entry["id"])
    assert [each["what"].partition(".")[0] for each in of_import] == ["import", *["schedule"] * 3, "import", "import"]
    assert {(each["login"], each["token"], each["at"]) for each in await entries(web)} == {
        (LOGIN, TOKEN_NAME, NOW.isoformat().replace("+00:00", "Z"))
    }


async def test_changes_by_the_pages_are_noted(web: Web) -> None:
    await sign_in(web)
    token = await csrf(web)
    made = await web.browser.post("/managers", data={"csrf": token, "name": "Staff", "fields": "Employee no"})
    manager = made.headers["location"]
    assert (await newest(web))[:2] == ("manager.created", "Staff")
    await web.browser.post(f"{manager}/fields", data={"csrf": token, "name": "Email", "kind": "email"})
    assert await newest(web) == ("field.added", "Staff", {"Email": {"before": None, "after": "email"}})
    await web.browser.post(
        f"{manager}/searchable-fields", data={"csrf": token, "field": "Email", "searchable": "Email"}
    )
    wanted = {"searched_fields": {"before": None, "after": "Email"}}
    assert await newest(web) == ("manager.changed", "Staff", wanted)
    manager_id = manager.rpartition("/")[2]
    data = {"csrf": token, "name": "Born", "kind": "date"}
    await web.browser.post(f"/imports/fields?manager={manager_id}", data=data)
    assert await newest(web) == ("field.added", "Staff", {"Born": {"before": None, "after": "date"}})
    assert (await send(web, f"/imports/new?manager={manager_id}", FORM)).status_code == 303
    assert (await newest(web))[:2] == ("import.created", "HR file")
    import_id = str(await web.db.fetchval("SELECT id FROM imports"))
    changed = FORM | {"name": "Staff file", "password": "", "link": "files.example/out/staff.csv"}
    assert (await send(web, f"/imports/{import_id}/edit", changed)).status_code == 303
    what, name, details = await newest(web)
    assert (what, name, set(details)) == ("import.changed", "Staff file", {"name", "source.url"})
    await web.browser.post(f"/imports/{import_id}/delete", data={"csrf": token})
    assert await newest(web) == ("import.deleted", "Staff file", {})
    shown = (await web.browser.get(f"/audit?about={import_id}")).text
    assert "Changes of “Staff file”" in shown
    assert "files.example/out/staff.csv" in shown
    assert {(each["login"], each["token"]) for each in await entries(web)} == {(LOGIN, None)}


async def test_a_key_field_that_the_first_contact_sets_is_noted(web: Web) -> None:
    made = await web.manager()
    await sign_in(web)
    data = {"csrf": await csrf(web), "key_field": "Employee no", "unique_id": "1"}
    added = await web.browser.post(f"/managers/{made['id']}/contacts/new", data=data)
    assert added.status_code == 303
    wanted = ("manager.changed", "Staff", {"key_field": {"before": None, "after": "Employee no"}})
    assert await newest(web) == wanted
    await web.browser.post(f"/managers/{made['id']}/contacts/new", data=data | {"unique_id": "2"})
    assert await newest(web) == wanted
    assert len(await entries(web)) == 2


async def test_decisions_about_runs_are_noted(web: Web) -> None:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    run = (await web.api.post(f"/imports/{entry['id']}/runs", json={"dry_run": True})).json()["id"]
    ended = "UPDATE runs SET status = $2, finished_at = now(), applied_at = $3 WHERE id = $1::uuid"
    await web.db.execute(ended, run, "planned", None)
    shown = await web.api.post(f"/runs/{run}/approve?dry_run=true")
    assert (await newest(web))[0] == "import.created"
    await web.db.execute(ended, shown.json()["id"], "planned", None)
    approval = (await web.api.post(f"/runs/{run}/approve", json={"reason": "They left"})).json()["id"]
    what, name, details = await newest(web)
    assert (what, name) == ("run.approved", "HR file")
    assert details["reason"] == {"before": None, "after": "They left"}
    assert details["by the run"] == {"before": None, "after": approval}
    await web.db.execute(ended, approval, "succeeded", NOW)
    await sign_in(web)
    undo = await web.browser.post(f"/runs/{approval}/undo", data={"csrf": await csrf(web)})
    assert (await newest(web))[0] == "run.approved"
    shown_undo = undo.headers["location"].rpartition("/")[2]
    await web.db.execute(ended, shown_undo, "planned", None)
    done = await web.browser.post(f"/runs/{shown_undo}/approve", data={"csrf": await csrf(web)})
    assert done.status_code == 303
    found = (await entries(web))[0]
    assert (found["what"], found["object_id"], found["object_kind"]) == ("run.undone", approval, "run")


async def test_what_failed_is_not_noted(web: Web) -> None:
    made = await web.manager()
    before = await entries(web)
    assert (await web.api.post("/imports", json=import_body(made["id"]) | {"name": " "})).status_code == 422
    assert (await web.api.post(f"/managers/{made['id']}/fields", json={"name": "Email"})).status_code == 422
    assert (await web.api.delete(f"/imports/{uuid4()}")).status_code == 404
    assert await entries(web) == before


async def test_the_log_is_read_in_pages(web: Web) -> None:
    for number in range(5):
        await web.manager(name=f"M{number}")
    first = (await web.api.get("/audit", params={"limit": 3})).json()
    second = (await web.api.get("/audit", params={"limit": 3, "cursor": first["next"]})).json()
    assert [each["object_name"] for each in first["items"] + second["items"]] == ["M4", "M3", "M2", "M1", "M0"]
    assert second["next"] is None
    assert problem(await web.api.get("/audit", params={"cursor": "x"})) == (422, "cursor_invalid", "cursor")
    await web.db.execute(
        """INSERT INTO audit_log (at, what, object_kind, object_id, object_name)
        SELECT now(), 'manager.changed', 'manager', gen_random_uuid(), 'N' || n FROM generate_series(1, 60) n"""
    )
    await sign_in(web)
    page = (await web.browser.get("/audit")).text
    assert "N36<" in page
    assert "N35<" not in page
    older = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "N35<" in (await web.browser.get(f"/audit{older.replace('&amp;', '&')}")).text


async def test_no_secret_is_in_the_log(web: Web) -> None:
    """Every secret that came in or was made is looked for in the whole table."""
    secrets = [CANARY, "k3y-of-the-server", "b34rer", "h34der-value", "p4ss-phrase", "her own password"]
    made = await web.manager(key_field="Employee no")
    body = import_body(made["id"])
    body["source"] |= {"private_key": f"-----BEGIN {secrets[1]}", "passphrase": secrets[4]}
    entry = (await web.api.post("/imports", json=body)).json()
    web_source = {"kind": "remote", "url": "https://files.example/x.csv", "bearer_token": secrets[2]}
    changed = await web.api.patch(f"/imports/{entry['id']}", json={"source": web_source | {"login": None}})
    assert changed.status_code == 200, changed.text
    changed = await web.api.patch(
        f"/imports/{entry['id']}", json={"source": {"bearer_token": None, "headers": {"X-Key": secrets[3]}}}
    )
    assert changed.status_code == 200, changed.text
    assert (await newest(web))[2] == {"source.bearer_token": {"changed": True}, "source.headers": {"changed": True}}
    contact = f"/managers/{made['id']}/contacts/1"
    assert (await web.api.put(contact, json={"fields": {"Portal": CANARY}})).status_code == 201
    await make_account(web.dsn, "eve", secrets[5], Role.EDITOR)
    answer = await web.browser.post("/login", data={"login": "eve", "password": secrets[5]})
    assert answer.status_code == 303
    token = await csrf(web)
    secrets += [token, "another password of hers", *web.browser.cookies.values()]
    data = {"csrf": token, "old": secrets[5], "new": "another password of hers", "again": "another password of hers"}
    assert (await web.browser.post("/account/password", data=data)).status_code == 303
    shown = await web.browser.post("/account/tokens", data={"csrf": token, "name": "bot", "scope": "viewer"})
    secrets.append(shown.text.partition('class="code secret">')[2].partition("<")[0])
    web.browser.cookies.clear()
    await sign_in(web)
    token = await csrf(web)
    shown = await web.browser.post("/accounts", data={"csrf": token, "login": "bob", "role": "viewer"})
    secrets += [token, PASSWORD, shown.text.partition('class="code secret">')[2].partition("<")[0]]
    assert all(len(secret) > 5 for secret in secrets)
    hashes = [row["password_hash"] for row in await web.db.fetch("SELECT password_hash FROM accounts")]
    sealed = [row["s"] for row in await web.db.fetch("SELECT setup -> 'source' ->> 'secrets' AS s FROM imports")]
    whole = "\n".join(row["row"] for row in await web.db.fetch("SELECT a::text AS row FROM audit_log a"))
    assert whole.count("\n") == 7
    assert [secret for secret in [*secrets, *hashes, *sealed] if secret in whole] == []
    page = (await web.browser.get("/audit")).text
    assert [secret for secret in secrets if secret != token and secret in page] == []
