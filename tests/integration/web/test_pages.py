"""The pages, as a browser without scripts sees them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.web.security.sessions import COOKIE
from shared.store.problems import Problem, write_problems
from shared.store.run_end import Outcome, close_run
from tests.integration.web.conftest import CANARY, LOGIN, NOW, PASSWORD, Web

FORM: dict[str, str | list[str]] = {
    "name": "HR file",
    "source": "remote",
    "protocol": "sftp",
    "link": "files.example/out/people.csv",
    "login": "hr",
    "password": CANARY,
    "has_header": "on",
    "update_existing": "on",
    "trim": "on",
    "delimiter": "comma",
    "error_emails": "ops@corp.example",
    "column": ["No", "E-mail", "", ""],
    "field": ["Employee no", "Email", "", ""],
    "key": "Employee no",
    "repeat": "none",
}


async def sign_in(web: Web) -> None:
    answer = await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD, "next": "/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def csrf(web: Web) -> str:
    return found(r'name="csrf" value="([^"]+)"', (await web.browser.get("/")).text)[0]


async def send(
    web: Web, path: str, fields: Mapping[str, str | list[str]], *, file: bytes | None = None
) -> httpx.Response:
    parts: list[tuple[str, tuple[str | None, bytes]]] = [("csrf", (None, (await csrf(web)).encode()))]
    for name, value in fields.items():
        parts += [(name, (None, each.encode())) for each in (value if isinstance(value, list) else [value])]
    parts.append(("file", ("people.csv" if file is not None else "", file or b"")))
    return await web.browser.post(path, files=parts)


def found(pattern: str, text: str) -> list[str]:
    return [unescape(match) for match in re.findall(pattern, text)]


def errors(answer: httpx.Response) -> list[str]:
    return found(r'<p class="error" id="[^"]+">([^<]*)', answer.text)


async def test_pages_are_for_those_who_have_signed_in(web: Web) -> None:
    sent_away = await web.browser.get("/managers/x/imports?y")
    assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/login?next=/managers/x/imports%3Fy")
    wrong = await web.browser.post("/login", data={"login": LOGIN, "password": "wrong"})
    assert wrong.status_code == 422
    assert "Login and password don" in wrong.text
    assert "wrong" not in wrong.text
    answer = await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD, "next": "//evil.example"})
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    session_id = web.browser.cookies[COOKIE]
    assert session_id not in str(await web.db.fetch("SELECT sessions::text FROM sessions"))
    assert (await web.browser.get("/")).status_code == 200
    await web.browser.post("/logout", data={"csrf": await csrf(web)})
    web.browser.cookies.set(COOKIE, session_id)
    assert (await web.browser.get("/")).status_code == 303


async def test_a_session_ends_by_itself(web: Web) -> None:
    await sign_in(web)
    web.clock.time = NOW + timedelta(hours=13)
    assert (await web.browser.get("/")).status_code == 303


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
async def test_forms_of_other_sites_are_refused(web: Web, headers: dict[str, str]) -> None:
    await sign_in(web)
    data = {"csrf": await csrf(web), "name": "Theirs"}
    answer = await web.browser.post("/managers", data=data, headers=headers)
    assert answer.status_code == 403
    login = await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD}, headers=headers)
    assert login.status_code == 403
    assert await web.db.fetchval("SELECT count(*) FROM managers") == 0


async def test_who_signs_in_goes_on_where_they_were(web: Web) -> None:
    await sign_in(web)
    made = await web.manager(key_field="Employee no")
    wanted = f"/managers/{made['id']}/contact-history?unique_id=a%26b%20c"
    web.browser.cookies.clear()
    way = (await web.browser.get(wanted)).headers["location"]
    shown = (await web.browser.get(way)).text
    next_page = found(r'name="next" value="([^"]+)"', shown)[0]
    answer = await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD, "next": next_page})
    assert answer.headers["location"] == wanted


async def test_forms_need_their_token(web: Web) -> None:
    await sign_in(web)
    for data in ({"name": "M"}, {"name": "M", "csrf": "guess"}):
        assert (await web.browser.post("/managers", data=data)).status_code == 403
    made = await web.manager()
    path = f"/imports/new?manager={made['id']}"
    answer = await web.browser.post(path, files={"file": ("x.csv", b"abc"), "csrf": (None, b"guess")})
    assert answer.status_code == 403
    assert [path for path in web.objects.rglob("*") if path.is_file()] == []


async def test_every_answer_tells_browsers_to_run_only_our_own(web: Web) -> None:
    for path in ("/login", "/nothing", "/static/style.css", "/static/live.js"):
        policy = (await web.browser.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    await sign_in(web)
    made = await web.manager()
    text = (await web.browser.get(f"/imports/new?manager={made['id']}")).text
    assert not re.search(r'(src|href)="https?:', text)
    assert not re.search(r"\sstyle=|<style|\son\w+=", text)


async def test_a_manager_is_made_and_gets_fields(web: Web) -> None:
    await sign_in(web)
    token = await csrf(web)
    blank = await web.browser.post("/managers", data={"csrf": token, "name": " ", "fields": "A\nB"})
    assert blank.status_code == 422
    assert "Give it a name" in blank.text
    assert "A\nB</textarea>" in blank.text
    made = await web.browser.post("/managers", data={"csrf": token, "name": "<Staff>", "fields": "No\nName\n"})
    path = made.headers["location"]
    again = await web.browser.post(f"{path}/fields", data={"csrf": token, "name": "No", "kind": "text"})
    assert "There is a field &#34;No&#34; already." in again.text
    assert (
        await web.browser.post(f"{path}/fields", data={"csrf": token, "name": "Born", "kind": "date"})
    ).status_code == 303
    shown = (await web.browser.get(path)).text
    assert "&lt;Staff&gt;" in shown
    assert "<Staff>" not in shown
    assert "Born" in shown


async def test_contacts_are_shown_in_pages(web: Web) -> None:
    await sign_in(web)
    made = await web.manager(key_field="Employee no")
    records = [(UUID(made["id"]), f"{number:03}", {"2": "x@corp.example"}, 1, NOW) for number in range(60)]
    await web.db.copy_records_to_table(
        "contacts", records=records, columns=["manager_id", "unique_id", "fields", "change_number", "updated_at"]
    )
    row = r"<tr>\s*<td><a [^>]*>([^<]*)</a></td>"
    first = (await web.browser.get(f"/managers/{made['id']}")).text
    assert found(row, first) == [f"{number:03}" for number in range(50)]
    following = found(r'href="([^"]+)" rel="next"', first)[0]
    second = (await web.browser.get(following)).text
    assert found(row, second) == [f"{number:03}" for number in range(50, 60)]
    assert (await web.browser.get(f"/managers/{made['id']}/contacts.csv")).text.count("\r\n") == 61


async def test_contacts_are_shown_by_their_latest_change(web: Web) -> None:
    await sign_in(web)
    made = await web.manager(key_field="Employee no")
    records: list[tuple[Any, ...]] = [
        (UUID(made["id"]), f"{number:03}", {}, 1000 - number * 7 % 60, NOW) for number in range(60)
    ]
    await web.db.copy_records_to_table(
        "contacts", records=records, columns=["manager_id", "unique_id", "fields", "change_number", "updated_at"]
    )
    latest = [unique_id for _, unique_id, _, _, _ in sorted(records, key=lambda record: -record[3])]
    row = r"<tr>\s*<td><a [^>]*>([^<]*)</a></td>"
    path = f"/managers/{made['id']}"
    first = (await web.browser.get(path)).text
    (by_change,) = found(r'href="([^"]+)" title="The latest changes first"', first)
    first = (await web.browser.get(by_change)).text
    assert found(row, first) == latest[:50]
    second = (await web.browser.get(found(r'href="([^"]+)" rel="next"', first)[0])).text
    assert found(row, second) == latest[50:]
    assert found(row, (await web.browser.get(f"{path}?sort=changed&q=01")).text) == [f"01{n}" for n in range(10)]
    assert (await web.browser.get(f"{path}?sort=changed&cursor=IngiCg==")).status_code == 422


async def test_an_import_is_set_up_run_and_edited(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    saved = await send(web, f"/imports/new?manager={made['id']}", FORM | {"action": "save"})
    assert saved.headers.get("location") == f"/managers/{made['id']}/imports", errors(saved)
    entry = (await web.api.get("/imports")).json()["items"][0]
    assert entry["source"]["url"] == "sftp://files.example/out/people.csv"
    assert entry["source"]["has_password"] is True
    assert entry["options"]["delete_missing"] is False
    home = (await web.browser.get(f"/managers/{made['id']}/imports")).text
    assert "HR file" in home
    assert "Not run yet" in home
    edit = await web.browser.get(f"/imports/{entry['id']}/edit")
    assert 'value="files.example/out/people.csv"' in edit.text
    assert CANARY not in edit.text
    changed = FORM | {"name": "Renamed", "password": "", "repeat": "daily", "every_days": "2", "action": "save"}
    changed |= {"start": "2026-12-01T06:30", "time_zone": "Europe/Berlin", "end": "count", "count": "3"}
    answer = await send(web, f"/imports/{entry['id']}/edit", changed)
    assert answer.status_code == 303, errors(answer)
    entry = (await web.api.get(f"/imports/{entry['id']}")).json()
    assert (entry["name"], entry["source"]["has_password"]) == ("Renamed", True)
    assert entry["schedule"]["rrule"] == "FREQ=DAILY;INTERVAL=2"
    assert entry["schedule"]["count"] == 3
    again = (await web.browser.get(f"/imports/{entry['id']}/edit")).text
    assert 'value="2026-12-01T06:30"' in again
    ran = await web.browser.post(f"/imports/{entry['id']}/run", data={"csrf": await csrf(web)})
    run_page = ran.headers["location"]
    shown = (await web.browser.get(run_page)).text
    assert "Waiting to start" in shown
    assert f'data-run="{run_page}/events"' in shown
    twice = await web.browser.post(f"/imports/{entry['id']}/run", data={"csrf": await csrf(web)})
    assert twice.headers["location"] == run_page
    await web.browser.post(f"{run_page}/cancel", data={"csrf": await csrf(web)})
    assert "Cancelled" in (await web.browser.get(run_page)).text
    assert "Cancelled" in (await web.browser.get(f"/imports/{entry['id']}/runs")).text


async def test_errors_stand_by_their_field_and_what_was_entered_is_kept(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    wrong = FORM | {"link": "files.example\\people.csv", "login": "", "error_emails": "a@b.example, nobody"}
    wrong |= {"field": ["Employee no", "Employee no", "", ""], "key": "", "action": "save"}
    answer = await send(web, f"/imports/new?manager={made['id']}", wrong)
    assert answer.status_code == 422
    told = errors(answer)
    assert 'The link has a backslash: only "/" may be used in a link.' in told
    assert '"nobody" is not an e-mail address.' in told
    assert 'The field "Employee no" is mapped twice.' in told
    assert 'value="files.example\\people.csv"' in answer.text
    assert 'value="E-mail"' in answer.text
    assert CANARY not in answer.text
    assert await web.db.fetchval("SELECT count(*) FROM imports") == 0


async def test_an_empty_time_does_not_hide_what_else_is_wrong(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    wrong = FORM | {"name": "", "repeat": "daily", "start": "", "key": "", "action": "save"}
    told = errors(await send(web, f"/imports/new?manager={made['id']}", wrong))
    assert told[0] == "Give it a name."
    assert "Choose a field." in told
    assert told[-1].startswith("Give a date and a time")


async def test_lines_and_fields_are_added_without_losing_what_was_entered(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    more = await send(web, f"/imports/new?manager={made['id']}", FORM | {"action": "more"})
    columns = found(r'name="column"[^>]* value="([^"]*)"', more.text)
    assert columns[:2] == ["No", "E-mail"]
    assert len(columns) >= 7
    form = FORM | {"action": "add_field", "new_field": "Born", "new_kind": "date"}
    added = await send(web, f"/imports/new?manager={made['id']}", form)
    assert "Born" in found(r"<option >([^<]+)</option>", added.text.partition('name="key"')[2])
    again = await send(web, f"/imports/new?manager={made['id']}", form)
    assert 'There is a field "Born" already.' in errors(again)


async def test_a_file_from_the_computer_is_kept_over_an_error(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    content = b"No,E-mail\r\n1,a@corp.example\r\n" * 10_000
    path = f"/imports/new?manager={made['id']}"
    form = FORM | {"source": "upload", "name": "", "action": "run"}
    refused = await send(web, path, form, file=content)
    assert refused.status_code == 422
    upload_id = found(r'name="upload_id" value="([^"]+)"', refused.text)[0]
    assert "people.csv" in refused.text
    ran = await send(web, path, form | {"name": "From disk", "upload_id": upload_id})
    assert ran.headers.get("location", "").startswith("/runs/"), errors(ran)
    entry = (await web.api.get("/imports")).json()["items"][0]
    assert entry["source"] == {
        "kind": "upload",
        "upload_id": upload_id,
        "name": "people.csv",
        "bytes": len(content),
    }
    assert ">Go</button>" not in (await web.browser.get(f"/managers/{made['id']}/imports")).text
    missing = await send(web, path, form | {"name": "None"})
    assert "Choose a file from your computer." in errors(missing)


async def test_a_run_with_errors_is_a_yellow_mark_that_lists_them(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    entry = await web.new_import(made["id"])
    run_id = UUID((await web.api.post(f"/imports/{entry['id']}/runs")).json()["id"])
    async with web.db.transaction():
        await write_problems(web.db, run_id, [Problem(7, "error", "email_invalid", "Line seven <b>", "E-mail")])
        await close_run(web.db, run_id, 0, Outcome("failed", "x", "It went wrong."), now=NOW, service="web")
    for path in (f"/managers/{made['id']}/imports", f"/runs/{run_id}"):
        text = (await web.browser.get(path)).text
        assert "It went wrong." in text
        assert "Line seven &lt;b&gt;" in text
    home = (await web.browser.get(f"/managers/{made['id']}/imports")).text
    why = found(r'class="mark warn"[^>]+aria-describedby="([^"]+)"', home)[0]
    assert f'role="tooltip" id="{why}"' in home


async def test_an_import_is_deleted_after_being_asked(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    entry = await web.new_import(made["id"])
    asked = await web.browser.get(f"/imports/{entry['id']}/delete")
    assert "The contacts in “Staff” stay" in asked.text
    answer = await web.browser.post(f"/imports/{entry['id']}/delete", data={"csrf": await csrf(web)})
    assert answer.headers["location"] == f"/managers/{made['id']}/imports"
    assert (await web.browser.get(f"/imports/{entry['id']}/edit")).status_code == 404


async def test_pages_that_are_not_there_say_so(web: Web) -> None:
    await sign_in(web)
    nobody = "00000000-0000-0000-0000-000000000000"
    for path in (f"/managers/{nobody}", f"/runs/{nobody}", f"/imports/{nobody}/runs", "/managers/x", "/nothing"):
        answer = await web.browser.get(path)
        assert answer.status_code == 404, path
        assert "That was not possible" in answer.text


async def test_the_rarer_options_are_set_shown_and_kept(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    more: dict[str, str | list[str]] = {
        "quote": "'",
        "skip_lines": "2",
        "comment": "#",
        "refused_values": "keep",
        "missing_columns": "keep",
        "max_row_errors": "7",
        "expected_columns": "4",
        "max_row_error_percent": "2.5",
        "column": ["No", "E-mail", "", ""],
        "field": ["Employee no", "Email", "Town", ""],
        "case": ["upper", "", "", ""],
        "constant": ["", "", "Oslo", ""],
    }
    (await web.api.post(f"/managers/{manager['id']}/fields", json={"name": "Town"})).raise_for_status()
    answer = await send(web, f"/imports/new?manager={manager['id']}", FORM | more | {"action": "save"})
    assert answer.status_code == 303, errors(answer)
    (entry,) = (await web.api.get("/imports")).json()["items"]
    wanted = {name: value for name, value in more.items() if name not in {"column", "field", "case", "constant"}}
    numbers = {"skip_lines": 2, "max_row_errors": 7, "expected_columns": 4, "max_row_error_percent": 2.5}
    assert entry["options"] | wanted | numbers == entry["options"]
    assert entry["mapping"] == [
        {"column": "No", "field": "Employee no", "case": "upper"},
        {"column": "E-mail", "field": "Email"},
        {"column": None, "field": "Town", "constant": "Oslo"},
    ]
    page = (await web.browser.get(f"/imports/{entry['id']}/edit")).text
    for name, value in {
        "quote": "&#39;",
        "skip_lines": "2",
        "max_row_errors": "7",
        "max_row_error_percent": "2.5",
    }.items():
        assert re.search(rf'name="{name}" value="{value}"', page), name
    assert found(r'name="constant" value="([^"]+)"', page) == ["Oslo"]

    wrong = await send(web, f"/imports/{entry['id']}/edit", FORM | more | {"skip_lines": "many", "quote": "''"})
    assert wrong.status_code == 422
    assert len(errors(wrong)) == 1
    refused = await send(
        web, f"/imports/{entry['id']}/edit", FORM | more | {"quote": "''", "constant": ["x", "", "y", ""]}
    )
    assert len(errors(refused)) == 2
    cased = await send(web, f"/imports/{entry['id']}/edit", FORM | more | {"case": ["upper", "", "lower", ""]})
    assert (cased.status_code, len(errors(cased))) == (422, 1)
    assert "leave the case out" in cased.text


async def test_a_preview_that_cannot_be_made_is_told_on_the_page_and_its_file_is_kept(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    path = f"/imports/preview?manager={manager['id']}"
    nothing = await send(web, path, FORM | {"source": "upload"})
    assert "Choose a file from your computer." in nothing.text
    sent = await send(web, path, FORM | {"source": "upload", "chosen": "delimiter"}, file=b"No,Name\n1,Ann\n")
    assert sent.status_code == 200
    assert "could not be read within 10 seconds" in sent.text
    (uploads,) = await web.db.fetch("SELECT id FROM uploads")
    assert str(uploads["id"]) in sent.text
    refused = await send(web, path, FORM | {"link": "a\\b"})
    assert "backslash" in refused.text


async def test_each_pattern_is_saved_and_shown_again(web: Web) -> None:
    manager = await web.manager()
    await sign_in(web)
    start = {"start": "2026-12-01T06:30", "time_zone": "Europe/Berlin", "action": "save"}
    monthly = {
        "repeat": "monthly",
        "every_months": "2",
        "month_on": "weekday",
        "month_place": "-1",
        "month_weekday": "7",
    }
    for fields, sentence in (
        (monthly, "Every 2 months on the last weekday at 06:30 (Europe/Berlin), from 1 December 2026."),
        (
            {"repeat": "weekly", "every_weeks": "1", "on_MO": "on", "on_FR": "on", "end": "count", "count": "9"},
            "Every week on Monday and Friday at 06:30 (Europe/Berlin), from 1 December 2026, 9 times.",
        ),
        (
            {"repeat": "rule", "rule": "FREQ=DAILY;BYHOUR=6,18"},
            "Every day at 06:30 and 18:30 (Europe/Berlin), from 1 December 2026.",
        ),
    ):
        answer = await send(web, f"/imports/new?manager={manager['id']}", FORM | start | fields)
        assert answer.status_code == 303, errors(answer)
        entry = (await web.api.get("/imports", params={"limit": 500})).json()["items"][-1]
        assert entry["schedule_sentence"] == sentence
        listed = (await web.browser.get(f"/managers/{manager['id']}/imports")).text
        assert sentence in unescape(listed)
        form = (await web.browser.get(f"/imports/{entry['id']}/edit")).text
        assert re.search(rf'name="repeat" value="{fields["repeat"]}" checked', form)


async def test_a_schedule_is_shown_in_words_while_it_is_entered(web: Web) -> None:
    await sign_in(web)
    fields = {"csrf": await csrf(web), "repeat": "daily", "every_days": "2", "start": "2026-12-01T06:30"}
    shown = await web.browser.post("/imports/schedule-preview", data=fields | {"time_zone": "Europe/Berlin"})
    assert "Every 2 days at 06:30 (Europe/Berlin)" in unescape(shown.text)
    assert shown.text.count("06:30 Europe/Berlin") == 5
    refused = await web.browser.post("/imports/schedule-preview", data=fields | {"time_zone": "Mars"})
    assert "is not a time zone" in unescape(refused.text)
    half = await web.browser.post("/imports/schedule-preview", data=fields | {"start": ""})
    assert half.text.strip() == ""


async def test_a_schedule_is_paused_and_resumed_from_its_page(web: Web) -> None:
    manager = await web.manager()
    schedule = {"start": "2026-12-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
    entry = await web.new_import(manager["id"], schedule=schedule)
    await sign_in(web)
    page = f"/imports/{entry['id']}/runs"
    assert "Every day at 06:30 (Europe/Berlin)" in (await web.browser.get(page)).text
    token = {"csrf": await csrf(web)}
    wrong = await web.browser.post(f"/imports/{entry['id']}/pause", data=token | {"from": "tomorrow", "until": ""})
    assert wrong.status_code == 422
    assert "such as 2026-12-24" in wrong.text
    await web.browser.post(f"/imports/{entry['id']}/pause", data=token | {"from": "", "until": ""})
    assert "until it is resumed" in (await web.browser.get(page)).text
    assert "Paused" in (await web.browser.get(f"/managers/{manager['id']}/imports")).text
    web.clock.time = NOW + timedelta(days=20)
    await sign_in(web)
    await web.browser.post(f"/imports/{entry['id']}/resume", data={"csrf": await csrf(web)})
    resumed = (await web.browser.get(page)).text
    assert "until it is resumed" not in resumed
    assert "The schedule was paused" in resumed
