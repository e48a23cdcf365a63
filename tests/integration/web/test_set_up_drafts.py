"""Set-ups that are not finished: kept for who made them, without secrets, and never run by themselves."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.web.dependencies import start_saved
from services.web.forms.credentials import credentials_of
from shared.errors import UserError
from shared.events.set_up import RemoteSource
from shared.ids import new_id
from shared.rules.roles import Role
from shared.store.imports import get_import
from shared.store.runs import request_run
from tests.integration.web.conftest import CANARY, NOW, Web, problem
from tests.integration.web.test_pages import FORM, csrf, errors, found, send, sign_in
from tests.support.accounts import know_token, make_account

SCHEDULE = {"repeat": "daily", "every_days": "1", "start": "2026-12-01T06:30", "time_zone": "Europe/Berlin"}


async def step(web: Web, manager: dict[str, Any], step: str, fields: dict[str, Any], query: str = "") -> dict[str, Any]:
    answer = await send(web, f"/imports/steps?manager={manager['id']}&step={step}{query}", fields)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def dry_run(web: Web, manager_id: str, fields: dict[str, Any], query: str = "") -> dict[str, Any]:
    answer = await send(web, f"/imports/dry-run?manager={manager_id}{query}", fields)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def plan(web: Web, run_id: str) -> None:
    """Let a dry run have ended, as the syncer would."""
    counts = {"read": 2, "added": 2}
    await web.db.execute(
        "UPDATE runs SET status = 'planned', finished_at = $2, counts = $3 WHERE id = $1::uuid", run_id, NOW, counts
    )


async def test_each_step_is_judged_by_itself(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    nothing: dict[str, Any] = {"source": "remote", "protocol": "sftp", "link": "", "delimiter": "comma"}
    said = await step(web, manager, "source", nothing)
    assert set(said["errors"]) == {"name", "source.url"}
    named = FORM | {"column": [], "field": [], "key": "", "error_emails": "nobody"}
    assert (await step(web, manager, "source", named))["errors"] == {}
    assert [*(await step(web, manager, "options", named))["errors"]] == ["options.error_emails.0"]
    mended = named | {"error_emails": ""}
    assert (await step(web, manager, "options", mended))["errors"] == {}
    assert "mapping" in (await step(web, manager, "mapping", mended))["errors"]
    assert (await step(web, manager, "mapping", FORM))["errors"] == {}
    late = await step(web, manager, "run", FORM | SCHEDULE | {"start": "2020-12-01T06:30", "repeat": "once"})
    assert [*late["errors"]] == ["schedule.start"]
    missing = await step(web, manager, "source", FORM | {"source": "upload"})
    assert missing["errors"] == {"source.upload_id": ["Choose a file from your computer."]}


async def test_a_draft_is_kept_without_secrets_and_for_its_own_account(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await step(web, manager, "source", FORM | {"name": "Half <made>", "private_key": CANARY})
    again = await step(web, manager, "options", FORM | {"name": "Half <made>", "draft": said["draft"]})
    assert again["draft"] == said["draft"]
    rows = await web.db.fetch("SELECT d::text AS row FROM import_drafts d")
    assert len(rows) == 1
    assert CANARY not in rows[0]["row"]
    wrong = {"link": f"sftp://hr:{CANARY}@files.example/a.csv", "constant": ["", "", CANARY, ""]}
    wrong |= {"field": ["Employee no", "Email", "Portal", ""], "draft": said["draft"]}
    assert [*(await step(web, manager, "source", FORM | wrong))["errors"]] == ["source.url"]
    (row,) = await web.db.fetch("SELECT form FROM import_drafts")
    assert row["form"]["values"]["link"] == "sftp://files.example/a.csv"
    assert CANARY not in str(row["form"])
    await step(web, manager, "mapping", FORM | {"name": "Half <made>", "draft": said["draft"]})
    home = f"/managers/{manager['id']}/imports"
    listed = (await web.browser.get(home)).text
    assert "Half &lt;made&gt;" in listed
    shown = (await web.browser.get(f"/imports/drafts/{said['draft']}")).text
    assert 'value="files.example/out/people.csv"' in shown
    assert found(r'name="column"[^>]* value="([^"]+)"', shown) == ["No", "E-mail"]
    assert "Enter the password again" in shown
    assert CANARY not in shown
    await make_account(web.dsn, "eve", "a password of hers", Role.EDITOR)
    web.browser.cookies.clear()
    await web.browser.post("/login", data={"login": "eve", "password": "a password of hers"})
    assert "Half" not in (await web.browser.get(home)).text
    assert (await web.browser.get(f"/imports/drafts/{said['draft']}")).status_code == 404
    discard = f"/imports/drafts/{said['draft']}/discard"
    assert (await web.browser.post(discard, data={"csrf": await csrf(web)})).status_code == 404
    other = await step(web, manager, "source", FORM | {"draft": said["draft"]})
    assert other["draft"] != said["draft"]
    web.browser.cookies.clear()
    await sign_in(web)
    assert (await web.browser.post(discard, data={"csrf": await csrf(web)})).status_code == 303
    assert "Half" not in (await web.browser.get(home)).text


async def test_a_draft_is_in_no_list_and_nothing_but_dry_runs_is_made_of_it(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM | SCHEDULE)
    draft = await web.db.fetchrow("SELECT * FROM imports WHERE id = $1::uuid", said["import"])
    assert draft is not None
    assert draft["is_draft"]
    assert (draft["schedule"], draft["next_run_at"], draft["file_due_at"]) == (None, None, None)
    run = await web.db.fetchrow("SELECT dry_run, trigger, setup FROM runs WHERE id = $1::uuid", said["run"])
    assert run is not None
    assert (run["dry_run"], run["trigger"]) == (True, "now")
    assert (run["setup"]["scheduled"], run["setup"]["time_zone"]) == (True, "Europe/Berlin")
    assert (await web.api.get("/imports")).json()["items"] == []
    path = f"/imports/{said['import']}"
    for answer in (
        await web.api.get(path),
        await web.api.patch(path, json={"name": "X"}),
        await web.api.delete(path),
        await web.api.post(f"{path}/runs", json={"dry_run": False}),
        await web.api.post(f"{path}/pause"),
    ):
        assert problem(answer)[:2] == (404, "import_not_found")
    with pytest.raises(UserError, match="no such import"):
        await request_run(web.db, UUID(said["import"]), trigger="now", now=NOW)
    with pytest.raises(asyncpg.CheckViolationError):
        await web.db.execute("UPDATE imports SET next_run_at = now() WHERE is_draft")
    await plan(web, said["run"])
    assert problem(await web.api.post(f"/runs/{said['run']}/approve"))[:2] == (409, "plan_void")
    assert not [each for each in (await web.api.get("/audit")).json()["items"] if each["object_kind"] == "import"]
    shown = (await web.browser.get(f"/imports/dry-runs/{said['run']}")).text
    assert "2 would be added" in shown
    shown = (await web.browser.get(f"/runs/{said['run']}")).text
    assert "The set-up of this import is not finished" in shown
    assert f'href="/imports/{said["import"]}' not in shown


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.ADMIN])
async def test_the_dry_runs_of_a_draft_are_shown_to_nobody_else(web: Web, role: Role) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM | {"name": "Secret plans"})
    other = await make_account(web.dsn, "eve", "a password of hers", role)
    await know_token(web.dsn, other, "her-token", role)
    pages = [f"/runs/{said['run']}", f"/runs/{said['run']}/events", f"/runs/{said['run']}/rejected.csv"]
    pages.append(f"/imports/{said['import']}/runs")
    of_editors = [f"/runs/{said['run']}/file.csv", f"/imports/dry-runs/{said['run']}"]
    hers = {"authorization": "Bearer her-token"}
    assert (await web.browser.get(f"/runs/{said['run']}")).status_code == 200
    assert (await web.api.get(f"/runs/{said['run']}")).status_code == 200
    web.browser.cookies.clear()
    await web.browser.post("/login", data={"login": "eve", "password": "a password of hers"})
    for page in (*pages, *of_editors):
        missing = 403 if page in of_editors and role is Role.VIEWER else 404
        assert (await web.browser.get(page)).status_code == missing, page
    for path in ("", "/events", "/plan", "/problems", "/reasons", "/rejected.csv"):
        answer = await web.api.get(f"/runs/{said['run']}{path}", headers=hers)
        assert problem(answer)[:2] == (404, "run_not_found"), path
    listed = await web.api.get(f"/imports/{said['import']}/runs", headers=hers)
    assert problem(listed)[:2] == (404, "import_not_found")
    if role.includes(Role.EDITOR):
        cancelled = await web.browser.post(f"/runs/{said['run']}/cancel", data={"csrf": await csrf(web)})
        assert cancelled.status_code == 404
    operations = (await web.browser.get("/operations")).text
    assert "a set-up that is not finished" in operations
    assert said["run"] not in operations
    assert "Secret plans" not in operations + (await web.api.get("/operations", headers=hers)).text
    assert await web.db.fetchval("SELECT status FROM runs") == "queued"


async def test_a_second_dry_run_takes_the_place_of_the_first(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    first = await dry_run(web, manager["id"], FORM)
    second = await dry_run(web, manager["id"], FORM | {"password": "", "draft": first["draft"], "delete_missing": "on"})
    assert (second["import"], second["draft"]) == (first["import"], first["draft"])
    rows = await web.db.fetch("SELECT status, setup FROM runs ORDER BY id")
    assert [row["status"] for row in rows] == ["cancelled", "queued"]
    assert rows[1]["setup"]["options"]["delete_missing"]
    assert rows[1]["setup"]["source"]["secrets"]
    mailed = await web.db.fetchval("SELECT o::text FROM outbox o WHERE topic = 'import.finished'")
    assert "HR file" in mailed
    assert "ops@corp.example" not in mailed


async def test_run_import_does_what_the_dry_run_has_shown(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM)
    await plan(web, said["run"])
    fields = FORM | {"password": "", "draft": said["draft"], "action": "run", "shown_run": said["run"]}
    ran = await send(web, f"/imports/new?manager={manager['id']}", fields)
    assert ran.status_code == 303, errors(ran)
    run = (await web.api.get(ran.headers["location"])).json()
    assert (run["import_id"], run["approves"], run["trigger"]) == (said["import"], said["run"], "approve")
    (entry,) = (await web.api.get("/imports")).json()["items"]
    assert (entry["id"], entry["source"]["has_password"]) == (said["import"], True)
    whats = [each["what"] for each in (await web.api.get("/audit")).json()["items"]]
    assert whats[:2] == ["run.approved", "import.created"]
    assert await web.db.fetchval("SELECT count(*) FROM import_drafts") == 0


@pytest.mark.parametrize("changed", [{"delete_missing": "on"}, {}, {"shown_run": ""}, {"shown_run": str(new_id())}])
async def test_what_was_not_shown_or_may_not_be_approved_is_run_from_the_file(
    web: Web, changed: dict[str, str]
) -> None:
    await make_account(web.dsn, "eve", "a password of hers", Role.ADMIN if changed else Role.EDITOR)
    await web.browser.post("/login", data={"login": "eve", "password": "a password of hers"})
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM)
    await plan(web, said["run"])
    fields = FORM | {"password": "", "draft": said["draft"], "action": "run", "shown_run": said["run"]} | changed
    ran = await send(web, f"/imports/new?manager={manager['id']}", fields)
    run = (await web.api.get(ran.headers["location"])).json()
    assert (run["import_id"], run["approves"], run["trigger"]) == (said["import"], None, "now")


async def test_what_was_saved_is_not_called_unsaved_where_no_run_can_begin(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    under_way = (await web.api.post(f"/imports/{entry['id']}/runs")).json()["id"]
    answer = await send(web, f"/imports/{entry['id']}/edit", FORM | {"name": "Changed", "action": "run"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{under_way}")
    assert (await web.api.get(f"/imports/{entry['id']}")).json()["name"] == "Changed"

    async def refuse(*_: object, **__: object) -> None:
        raise UserError("import_not_found", "There is no such import.")

    monkeypatch.setattr(start_saved, "request_run", refuse)
    answer = await send(web, f"/imports/new?manager={manager['id']}", FORM | {"name": "New", "action": "run"})
    (made,) = [each for each in (await web.api.get("/imports")).json()["items"] if each["name"] == "New"]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/imports/{made['id']}/runs")


async def test_finish_sets_the_schedule_and_starts_nothing(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM | SCHEDULE)
    await plan(web, said["run"])
    fields = FORM | SCHEDULE | {"password": "", "draft": said["draft"], "action": "save"}
    assert (await send(web, f"/imports/new?manager={manager['id']}", fields)).status_code == 303
    (entry,) = (await web.api.get("/imports")).json()["items"]
    assert (entry["id"], entry["next_run_at"]) == (said["import"], "2026-12-01T05:30:00Z")
    assert await web.db.fetchval("SELECT count(*) FROM runs") == 1


async def test_an_edit_is_tried_on_a_draft_of_its_own(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    before = (await web.api.get(f"/imports/{entry['id']}")).json()
    fields = FORM | {"password": "", "name": "Changed", "link": "files.example:2222/out/people.csv"}
    said = await dry_run(web, manager["id"], fields, f"&edits={entry['id']}&import={entry['id']}")
    assert said["import"] != entry["id"]
    secrets = await web.db.fetchval(
        "SELECT setup -> 'source' ->> 'secrets' FROM imports WHERE id = $1::uuid", said["import"]
    )
    assert secrets
    assert (await web.api.get(f"/imports/{entry['id']}")).json() == before
    shown = (await web.browser.get(f"/imports/drafts/{said['draft']}")).text
    assert f'action="/imports/{entry["id"]}/edit"' in shown
    saved = await send(web, f"/imports/{entry['id']}/edit", fields | {"draft": said["draft"], "action": "save"})
    assert saved.status_code == 303, errors(saved)
    after = (await web.api.get("/imports")).json()["items"]
    assert [(each["id"], each["name"], each["source"]["has_password"]) for each in after] == [
        (entry["id"], "Changed", True)
    ]
    assert await web.db.fetchval("SELECT count(*) FROM imports WHERE is_draft AND deleted_at IS NULL") == 0
    assert await web.db.fetchval("SELECT count(*) FROM import_drafts") == 0


async def password_of(web: Web, import_id: str) -> str | None:
    saved = await get_import(web.db, UUID(import_id))
    assert isinstance(saved.setup.source, RemoteSource)
    return credentials_of(saved.setup.source, web.app.state.resources.sealer).password


async def test_a_drafts_secrets_serve_nobody_else(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM)
    other = await make_account(web.dsn, "other", "a password of their own", Role.EDITOR)
    await know_token(web.dsn, other, "their-token", Role.EDITOR)
    web.api.headers["authorization"] = "Bearer their-token"
    body = {"source": {"kind": "remote", "url": "sftp://files.example/out/people.csv"}, "import_id": said["import"]}
    assert problem(await web.api.post("/previews", json=body))[:2] == (404, "import_not_found")


@pytest.mark.parametrize("server", ["files.example:2222", "elsewhere.example"])
async def test_a_password_typed_for_an_edit_is_kept_by_its_dry_run(web: Web, server: str) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    assert await password_of(web, entry["id"]) == CANARY
    fields = FORM | {"password": "another one", "link": f"{server}/out/people.csv"}
    said = await dry_run(web, manager["id"], fields, f"&edits={entry['id']}")
    shown = (await web.browser.get(f"/imports/drafts/{said['draft']}")).text
    assert "Enter the password again" not in shown
    finish = FORM | {"password": "", "link": fields["link"], "draft": said["draft"], "action": "save"}
    answer = await send(web, f"/imports/{entry['id']}/edit", finish)
    assert answer.status_code == 303, errors(answer)
    assert await password_of(web, entry["id"]) == "another one"
    assert await web.db.fetchval("SELECT count(*) FROM imports WHERE is_draft AND deleted_at IS NULL") == 0


async def test_an_edit_without_a_new_password_leaves_one_changed_in_the_meantime(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    link = entry["source"]["url"].removeprefix("sftp://")
    fields = FORM | {"password": "", "link": link}
    said = await dry_run(web, manager["id"], fields, f"&edits={entry['id']}")
    patch = {"source": {"password": "newer than the dry run"}}
    assert (await web.api.patch(f"/imports/{entry['id']}", json=patch)).status_code == 200
    answer = await send(web, f"/imports/{entry['id']}/edit", fields | {"draft": said["draft"], "action": "save"})
    assert answer.status_code == 303, errors(answer)
    assert await password_of(web, entry["id"]) == "newer than the dry run"


async def test_a_fresh_edit_joins_no_old_draft(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    query = f"&edits={entry['id']}"
    old = await step(web, manager, "source", FORM | {"name": "Left half done"}, query)
    fresh = await step(web, manager, "source", FORM | {"name": "Begun anew"}, query)
    assert fresh["draft"] != old["draft"]
    again = await step(web, manager, "options", FORM | {"name": "Begun anew", "draft": fresh["draft"]}, query)
    assert again["draft"] == fresh["draft"]
    listed = (await web.browser.get(f"/managers/{manager['id']}/imports")).text
    assert "Left half done" in listed
    assert "Begun anew" in listed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"hr:pa/{CANARY}@files.example/a.csv", "files.example/a.csv"),
        (f"sftp://hr:p@/{CANARY}@files.example/a.csv", "sftp://files.example/a.csv"),
        (f"hr/x:{CANARY}@files.example/a.csv", "files.example/a.csv"),
        ("hr@files.example/a@b.csv", "files.example/a@b.csv"),
        ("files.example:2222/out/a.csv", "files.example:2222/out/a.csv"),
        ("https://files.example/a@b.csv", "https://files.example/a@b.csv"),
    ],
)
async def test_no_password_in_a_link_is_kept(web: Web, typed: str, kept: str) -> None:
    await sign_in(web)
    manager = await web.manager()
    await step(web, manager, "source", FORM | {"link": typed})
    form = await web.db.fetchval("SELECT form FROM import_drafts")
    assert form["values"]["link"] == kept


async def test_discarding_stops_the_dry_run(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    said = await dry_run(web, manager["id"], FORM)
    answer = await web.browser.post(f"/imports/drafts/{said['draft']}/discard", data={"csrf": await csrf(web)})
    assert answer.headers["location"] == f"/managers/{manager['id']}/imports"
    assert await web.db.fetchval("SELECT status FROM runs") == "cancelled"
    assert await web.db.fetchval("SELECT count(*) FROM imports WHERE deleted_at IS NULL") == 0


async def test_a_dry_run_of_what_is_wrong_says_where(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    answer: httpx.Response = await send(web, f"/imports/dry-run?manager={manager['id']}", FORM | {"key": "Email2"})
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, ["unique_id.field"])
    assert await web.db.fetchval("SELECT count(*) FROM imports") == 0
