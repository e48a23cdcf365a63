"""Imports over the API: what is refused, what is kept, and that secrets never come back."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.web.forms.credentials import credentials_of
from shared.events.set_up import RemoteSource
from shared.store.imports import get_import
from tests.integration.web.conftest import CANARY, Web, import_body, problem

DAILY = {"start": "2026-12-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(body))
    at: Any = copy
    *parents, last = path.split(".")
    for name in parents:
        at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return copy


REFUSED = [
    ("source.url", "sftp://h/dir\\people.csv", "link_backslash", "source.url"),
    ("source.url", "gopher://h/x", "link_scheme", "source.url"),
    ("source.login", None, "login_missing", "source.login"),
    ("source.password", None, "password_missing", "source.password"),
    ("source.host_key", "MD5:12", "host_key_invalid", "source.host_key"),
    ("source.ca_certificate", "none", "ca_certificate_invalid", "source.ca_certificate"),
    ("source.kind", "carrier pigeon", "invalid", "source"),
    ("source.login", 5, "invalid", "source.login"),
    (
        "source",
        {"kind": "upload", "upload_id": "00000000-0000-0000-0000-000000000000"},
        "upload_not_found",
        "source.upload_id",
    ),
    ("options.delimiter", "", "delimiter_invalid", "options.delimiter"),
    ("options.encoding", "klingon", "encoding_unknown", "options.encoding"),
    ("options.date_format", "never", "date_format_invalid", "options.date_format"),
    ("options.error_emails", ["a@b.example", "nobody"], "email_invalid", "options.error_emails.1"),
    ("options.mails", [{"to": ["a@b.example", "x"], "about": ["failed"]}], "email_invalid", "options.mails.0.to.1"),
    ("options.mails", [{"to": [], "about": ["failed"]}], "mail_rule_empty", "options.mails.0.to"),
    ("options.mails", [{"to": ["a@b.example"], "about": []}], "mail_rule_empty", "options.mails.0.about"),
    ("options.mails", [{"to": ["a@b.example"], "about": ["sunrise"]}], "invalid", "options.mails.0.about.0"),
    (
        "options.mails",
        [{"to": ["a@b.example"], "about": ["failed"], "repeated": "never"}],
        "invalid",
        "options.mails.0.repeated",
    ),
    ("options.limits.deletes", {"percent": 100.5}, "invalid", "options.limits.deletes.percent"),
    ("options.limits.updates", {"percent": 101}, "invalid", "options.limits.updates.percent"),
    ("options.limits.adds", {"percent": 1000.5}, "invalid", "options.limits.adds.percent"),
    ("options.limits.deletes", {"count": -1}, "invalid", "options.limits.deletes.count"),
    ("options.delete_mising", True, "invalid", "options.delete_mising"),
    ("mapping", [], "invalid", "mapping"),
    ("mapping.1.field", "Shoe", "field_unknown", "mapping.1.field"),
    ("mapping.1.field", "Employee no", "mapping_duplicate", "mapping.1.field"),
    ("mapping.1.column", "No", "mapping_duplicate", "mapping.1.column"),
    ("mapping.1.column", " ", "column_missing", "mapping.1.column"),
    ("options.has_header", False, "column_number_invalid", "mapping.0.column"),
    ("unique_id.field", "Shoe", "field_unknown", "unique_id.field"),
    ("unique_id.field", "Portal", "key_is_password", "unique_id.field"),
    ("mapping", [{"column": "E-mail", "field": "Email"}], "key_not_mapped", "unique_id.field"),
    ("schedule", DAILY | {"time_zone": "Mars/North"}, "time_zone_unknown", "schedule.time_zone"),
    ("schedule", DAILY | {"start": "2026-12-01T06:30:00Z"}, "schedule_not_wall_clock", "schedule.start"),
    ("schedule", DAILY | {"rrule": "often"}, "rrule_invalid", "schedule.rrule"),
    ("schedule", DAILY | {"until": "2026-11-01"}, "schedule_range", "schedule.until"),
    ("manager_id", "00000000-0000-0000-0000-000000000000", "manager_not_found", "manager_id"),
    ("name", "a\0", "invalid", "name"),
]


@pytest.mark.parametrize(("path", "value", "code", "field"), REFUSED)
async def test_bad_imports_are_refused(web: Web, path: str, value: Any, code: str, field: str) -> None:
    made = await web.manager()
    answer = await web.api.post("/imports", json=changed(import_body(made["id"]), path, value))
    assert problem(answer) == (422, code, field)
    assert CANARY not in answer.text
    assert await web.db.fetchval("SELECT count(*) FROM imports") == 0


async def test_all_errors_are_told_at_once(web: Web) -> None:
    body = import_body((await web.manager())["id"])
    body = changed(changed(body, "source.url", "a\\b"), "unique_id.field", "Shoe")
    answer = await web.api.post("/imports", json=body)
    assert [error["field"] for error in answer.json()["errors"]] == ["source.url", "unique_id.field"]


async def test_an_import_is_read_back_without_its_secrets(web: Web) -> None:
    made = await web.manager()
    saved = await web.new_import(made["id"], schedule=DAILY)
    assert saved["next_run_at"] == "2026-12-01T05:30:00Z"
    assert saved["latest_run"] is None
    assert saved["source"] == {
        "kind": "remote",
        "url": "sftp://files.example:2222/out/people.csv",
        "login": "hr",
        "password": None,
        "private_key": None,
        "passphrase": None,
        "bearer_token": None,
        "headers": None,
        "has_password": True,
        "has_private_key": False,
        "has_passphrase": False,
        "has_bearer_token": False,
        "header_names": [],
        "host_key": None,
        "ca_certificate": None,
    }
    assert saved["options"]["error_emails"] == ["ops@corp.example"]
    assert saved["mapping"] == import_body("")["mapping"]
    assert saved["unique_id"] == {"field": "Employee no", "generate": False}
    assert saved["schedule"] == DAILY | {"until": None, "count": None}
    assert (await web.api.get(f"/imports/{saved['id']}")).json() == saved
    listed = (await web.api.get("/imports", params={"manager_id": made["id"]})).json()
    assert listed == {"items": [saved], "next": None}
    everything = await web.db.fetch("SELECT imports::text AS row FROM imports")
    assert CANARY not in str(everything) + json.dumps(listed)


async def secrets_of(web: Web, import_id: str) -> tuple[str | None, str | None]:
    saved = await get_import(web.db, UUID(import_id))
    assert isinstance(saved.setup.source, RemoteSource)
    credentials = credentials_of(saved.setup.source, web.app.state.resources.sealer)
    return credentials.password, credentials.private_key


async def test_a_patch_keeps_secrets_unless_it_names_them(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"])
    url = f"/imports/{saved['id']}"
    merge = {"content-type": "application/merge-patch+json"}
    renamed = await web.api.patch(url, content=b'{"name": "New", "options": {"trim": false}}', headers=merge)
    assert renamed.status_code == 200, renamed.text
    assert renamed.json() == saved | {"name": "New", "options": saved["options"] | {"trim": False}}
    assert await secrets_of(web, saved["id"]) == (CANARY, None)
    await web.api.patch(url, json={"source": {"login": "other"}})
    assert await secrets_of(web, saved["id"]) == (CANARY, None)
    both = await web.api.patch(url, json={"source": {"private_key": "KEY"}})
    assert both.json()["source"]["has_private_key"] is True
    assert await secrets_of(web, saved["id"]) == (CANARY, "KEY")
    await web.api.patch(url, json={"source": {"password": None}})
    assert await secrets_of(web, saved["id"]) == (None, "KEY")
    last = await web.api.patch(url, json={"source": {"private_key": None}})
    assert problem(last) == (422, "password_missing", "source.password")
    round_trip = await web.api.patch(url, json=(await web.api.get(url)).json() | {"name": "x"})
    assert problem(round_trip) == (422, "password_missing", "source.password")


async def test_another_kind_of_source_replaces_the_old_one_whole(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"], schedule=DAILY)
    upload = (await web.api.post("/uploads?name=p.csv", content=b"No,E-mail\n")).json()
    url = f"/imports/{saved['id']}"
    patch = {"source": {"kind": "upload", "upload_id": upload["upload_id"]}}
    assert problem(await web.api.patch(url, json=patch)) == (422, "schedule_needs_remote", "schedule")
    answer = await web.api.patch(url, json=patch | {"schedule": None})
    assert answer.json()["source"] == {
        "kind": "upload",
        "upload_id": upload["upload_id"],
        "name": "p.csv",
        "bytes": 10,
    }
    assert answer.json()["next_run_at"] is None
    back = {"source": {"kind": "remote", "url": "sftp://h/x.csv", "login": "hr"}}
    assert problem(await web.api.patch(url, json=back)) == (422, "password_missing", "source.password")


async def test_an_edit_does_not_skip_an_occurrence_that_is_due(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"], schedule=DAILY)
    web.clock.time = web.clock.time.replace(year=2027)
    url = f"/imports/{saved['id']}"
    assert (await web.api.patch(url, json={"name": "x"})).json()["next_run_at"] == saved["next_run_at"]
    later = await web.api.patch(url, json={"schedule": {"start": "2026-12-01T07:30:00"}})
    assert later.json()["next_run_at"] == "2027-11-21T06:30:00Z"
    assert (await web.api.patch(url, json={"schedule": None})).json()["next_run_at"] is None


async def test_a_seen_host_key_is_shown_and_forgotten_with_its_server(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"])
    url = f"/imports/{saved['id']}"
    seen = "SHA256:" + "A" * 43
    await web.db.execute("UPDATE imports SET host_key = $1", seen)
    assert (await web.api.get(url)).json()["source"]["host_key"] == seen
    path = await web.api.patch(url, json={"source": {"url": "sftp://files.example:2222/other.csv"}})
    assert path.json()["source"]["host_key"] == seen
    elsewhere = {"url": "sftp://elsewhere.example/x.csv"}
    kept = await web.api.patch(url, json={"source": elsewhere})
    assert problem(kept) == (422, "password_missing", "source.password"), "no secret moves on to another server"
    server = await web.api.patch(url, json={"source": elsewhere | {"password": "its own"}})
    assert server.json()["source"]["host_key"] is None


async def test_imports_with_another_key_are_refused_while_there_are_contacts(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    await web.api.put(f"/managers/{made['id']}/contacts/1", json={"fields": {}})
    body = import_body(made["id"]) | {"unique_id": {"field": "Email"}}
    assert problem(await web.api.post("/imports", json=body)) == (422, "key_field_differs", "unique_id.field")


async def test_a_deleted_import_is_gone_but_its_runs_stay(web: Web) -> None:
    saved = await web.new_import((await web.manager())["id"])
    run = (await web.api.post(f"/imports/{saved['id']}/runs")).json()
    assert (await web.api.delete(f"/imports/{saved['id']}")).status_code == 204
    for answer in (
        await web.api.get(f"/imports/{saved['id']}"),
        await web.api.patch(f"/imports/{saved['id']}", json={}),
        await web.api.delete(f"/imports/{saved['id']}"),
        await web.api.post(f"/imports/{saved['id']}/runs"),
    ):
        assert problem(answer) == (404, "import_not_found", None)
    assert (await web.api.get("/imports")).json()["items"] == []
    kept = (await web.api.get(f"/imports/{saved['id']}/runs")).json()["items"]
    assert [entry["id"] for entry in kept] == [run["id"]]
