"""Plans, decisions and contact histories on the pages, as a browser without scripts sees them."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.events.runs import FinalStatus, RunCounts
from shared.store.run_end import Outcome, close_run
from tests.integration.web.conftest import CANARY, LOGIN, NOW, Web
from tests.integration.web.test_pages import FORM, csrf, errors, found, send, sign_in

NOTE = {"code": "many_deleted", "message": "60 of 100 <contacts> go."}


@dataclass(frozen=True)
class Made:
    """A manager, its import, and a run of it that has ended with a plan."""

    manager_id: str
    import_id: str
    run_id: str


async def planned_run(web: Web, status: FinalStatus, *, deleted: int = 60, import_id: str | None = None) -> Made:
    """Make a run that plans one added, one updated and some deleted contacts."""
    if import_id is None:
        manager_id = (await web.manager())["id"]
        import_id = (await web.new_import(manager_id))["id"]
    answer = await web.api.post(f"/imports/{import_id}/runs", json={"dry_run": status == "planned"})
    run_id = UUID(answer.json()["id"])
    manager = await web.db.fetchval("SELECT manager_id FROM runs WHERE id = $1", run_id)
    changes: list[tuple[Any, ...]] = [
        ("updated", "b <1>", 4, {"2": "old@x.example"}, {"2": "new@x.example"}),
        ("added", "a/1", 2, None, {"2": "a@x.example"}),
        *(("deleted", f"c{number:03}", None, {"2": f"{number}@x.example"}, None) for number in range(deleted)),
    ]
    await web.db.copy_records_to_table(
        "plan_changes",
        records=[(run_id, manager, place, place, *change) for place, change in enumerate(changes, 1)],
        columns=["run_id", "manager_id", "ordinal", "number", "change", "unique_id", "line", "before", "after"],
    )
    await web.db.execute(
        "INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed) VALUES ($1, 'b <1>', 3, 'f', $2)",
        run_id,
        CANARY,
    )
    await web.db.execute("UPDATE runs SET notes = $2 WHERE id = $1", run_id, [NOTE])
    counts = RunCounts(read=2, added=1, updated=1, deleted=deleted)
    is_applied = status in {"succeeded", "succeeded_with_errors"}
    code, message = ("limit_deletes", "Too many would go.") if status == "refused" else (None, None)
    outcome = Outcome(status, code, message, counts=counts, file_name="p.csv")
    async with web.db.transaction():
        assert await close_run(web.db, run_id, 0, outcome, now=NOW, service="syncer")
        await web.db.execute("UPDATE runs SET applied_at = $2 WHERE id = $1", run_id, NOW if is_applied else None)
    return Made(str(manager), import_id, str(run_id))


def ids(page: httpx.Response) -> list[str]:
    return found(r'contact-history\?unique_id=[^"]+">([^<]+)</a></th>', page.text)


async def post(web: Web, path: str, **fields: str) -> httpx.Response:
    return await web.browser.post(path, data={"csrf": await csrf(web)} | fields)


async def run_behind(web: Web, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 303, answer.text
    run: dict[str, Any] = (await web.api.get(answer.headers["location"])).json()
    return run


async def test_of_a_refused_run_those_who_would_be_deleted_are_shown_in_pages(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "refused")
    shown = await web.browser.get(f"/runs/{made.run_id}")
    assert ids(shown) == [f"c{number:03}" for number in range(50)]
    assert "60 of 100 &lt;contacts&gt; go." in shown.text
    assert f"over the API by {LOGIN}" in shown.text
    following = found(r'href="([^"]+)" rel="next"', shown.text)[0]
    rest = await web.browser.get(following)
    assert ids(rest) == [f"c{number:03}" for number in range(50, 60)]
    assert 'rel="next"' not in rest.text


async def test_an_update_stands_before_and_after_side_by_side_without_its_password(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "planned")
    everything = await web.browser.get(f"/runs/{made.run_id}")
    assert ids(everything)[:2] == ["b <1>", "a/1"]
    updated = (await web.browser.get(f"/runs/{made.run_id}?kind=updated")).text
    assert re.search(r'class="before">old@x\.example</td><td class="after">new@x\.example</td>', updated)
    assert "the password changes; it is never shown" in updated
    assert CANARY not in updated
    assert "b &lt;1&gt;" in updated
    assert (await web.browser.get(f"/runs/{made.run_id}?kind=eaten")).status_code == 404


@pytest.mark.parametrize("status", ["refused", "planned"])
async def test_a_plan_that_waits_is_approved_with_a_reason(web: Web, status: FinalStatus) -> None:
    await sign_in(web)
    made = await planned_run(web, status)
    page = f"/runs/{made.run_id}"
    assert f'action="{page}/approve"' in (await web.browser.get(page)).text
    approval = await run_behind(
        web, await post(web, f"{page}/approve", reason=" They <left>. ", only="additions_and_updates")
    )
    assert (approval["trigger"], approval["approves"], approval["dry_run"]) == ("approve", made.run_id, False)
    assert (approval["reason"], approval["additions_and_updates_only"]) == ("They <left>.", True)
    assert approval["requested_by"] == LOGIN
    shown = (await web.browser.get(f"/runs/{approval['id']}")).text
    assert "They &lt;left&gt;." in shown
    assert f'href="{page}"' in shown
    after = (await web.browser.get(page)).text
    assert f'href="/runs/{approval["id"]}"' in after
    assert "/approve" not in after
    again = await post(web, f"{page}/approve", reason="Once more")
    assert again.status_code == 409
    assert "A run of this import is under way" in again.text


async def test_a_plan_is_approved_whole_unless_asked_otherwise(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "refused")
    approval = await run_behind(web, await post(web, f"/runs/{made.run_id}/approve", reason=""))
    assert (approval["reason"], approval["additions_and_updates_only"]) == (None, False)


async def test_a_void_plan_says_so_in_place_of_a_button(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "refused")
    await planned_run(web, "refused", import_id=made.import_id)
    shown = (await web.browser.get(f"/runs/{made.run_id}")).text
    assert "be approved any more." in shown
    assert "A newer run of this import has read the file" in shown
    assert "/approve" not in shown
    refused = await post(web, f"/runs/{made.run_id}/approve")
    assert refused.status_code == 409
    assert "A newer run of this import has read the file" in found(r'role="alert">([^<]+)', refused.text)[0]


async def test_undo_is_shown_before_it_is_done(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "succeeded")
    assert "Show what undo would do" in (await web.browser.get(f"/runs/{made.run_id}")).text
    shown = await run_behind(web, await post(web, f"/runs/{made.run_id}/undo"))
    assert (shown["trigger"], shown["undoes"], shown["dry_run"]) == ("undo", made.run_id, True)
    waiting = (await web.browser.get(f"/runs/{shown['id']}")).text
    assert f'href="/runs/{made.run_id}"' in waiting
    assert "Cancel this import" in waiting


async def test_of_an_undone_run_what_undid_it_is_shown_and_it_can_be_had_back(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "succeeded")
    undo = (await planned_run(web, "succeeded", import_id=made.import_id)).run_id
    await web.db.execute("UPDATE runs SET undoes = $2, trigger = 'undo' WHERE id = $1", UUID(undo), UUID(made.run_id))
    await web.db.execute("UPDATE runs SET undone_by = $2 WHERE id = $1", UUID(made.run_id), UUID(undo))
    undone = (await web.browser.get(f"/runs/{made.run_id}")).text
    assert "Undone by" in undone
    assert "Show what undo would do" not in undone
    again = found(r'action="([^"]+/undo)"', undone)
    assert again == [f"/runs/{undo}/undo"]
    assert (await run_behind(web, await post(web, again[0])))["undoes"] == undo


@pytest.mark.parametrize("status", ["failed", "unchanged", "cancelled"])
async def test_what_changed_nothing_offers_neither_approval_nor_undo(web: Web, status: FinalStatus) -> None:
    await sign_in(web)
    made = await planned_run(web, status)
    shown = (await web.browser.get(f"/runs/{made.run_id}")).text
    assert "/approve" not in shown
    assert "/undo" not in shown
    refused = [await post(web, f"/runs/{made.run_id}/{what}") for what in ("approve", "undo", "cancel")]
    assert [answer.status_code for answer in refused] == [409, 409, 409]


async def test_decisions_need_their_token(web: Web) -> None:
    await sign_in(web)
    made = await planned_run(web, "refused")
    for what in ("approve", "undo"):
        assert (await web.browser.post(f"/runs/{made.run_id}/{what}", data={"csrf": "guess"})).status_code == 403
    assert await web.db.fetchval("SELECT count(*) FROM runs") == 1


async def test_a_dry_run_is_started_beside_go_and_from_the_form(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    entry = await web.new_import(manager["id"])
    for page in (f"/managers/{manager['id']}/imports", f"/imports/{entry['id']}/runs"):
        assert 'name="dry_run" value="on"' in (await web.browser.get(page)).text
    run = await run_behind(web, await post(web, f"/imports/{entry['id']}/run", dry_run="on"))
    assert (run["dry_run"], run["trigger"], run["requested_by"]) == (True, "now", LOGIN)
    assert "(dry run)" in (await web.browser.get(f"/runs/{run['id']}")).text
    saved = await send(web, f"/imports/new?manager={manager['id']}", FORM | {"name": "Other", "action": "dry_run"})
    assert (await run_behind(web, saved))["dry_run"] is True


async def test_limits_are_set_shown_and_kept(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager()
    limits: dict[str, str | list[str]] = {
        "limit_deletes_percent": "2.5",
        "limit_updates_count": "1000000",
        "limit_adds_count": "",
    }
    path = f"/imports/new?manager={manager['id']}"
    wrong = await send(web, path, FORM | limits | {"limit_adds_count": "many", "limit_adds_percent": "-1"})
    assert (wrong.status_code, len(errors(wrong))) == (422, 2)
    assert (await send(web, path, FORM | limits | {"action": "save"})).status_code == 303
    (entry,) = (await web.api.get("/imports")).json()["items"]
    assert entry["options"]["limits"] == {
        "deletes": {"count": None, "percent": 2.5},
        "updates": {"count": 1_000_000, "percent": None},
        "adds": {"count": None, "percent": None},
    }
    page = (await web.browser.get(f"/imports/{entry['id']}/edit")).text
    assert dict(re.findall(r'name="limit_(\w+)" value="([^"]+)"', page)) == {
        "deletes_percent": "2.5",
        "updates_count": "1000000",
    }


async def test_a_contact_tells_where_each_value_came_from(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager(key_field="Employee no")
    contact = f"/managers/{manager['id']}/contacts/7%2F<b>"
    for email in ("first@x.example", "second@x.example"):
        (await web.api.put(contact, json={"fields": {"Email": email, "Portal": CANARY}})).raise_for_status()
    listed = (await web.browser.get(f"/managers/{manager['id']}")).text
    link = found(r'href="([^"]+/?contact-history[^"]+)"', listed)[0]
    shown = (await web.browser.get(link)).text
    assert "7/&lt;b&gt;" in shown
    assert CANARY not in shown
    assert f"By hand: {LOGIN}" in shown
    assert found(r'class="before">([^<]*)<', shown)[0] == "first@x.example"
    assert found(r'class="after">([^<]*)<', shown)[0] == "second@x.example"

    (await web.api.delete(contact)).raise_for_status()
    gone = (await web.browser.get(link)).text
    assert "is not in “Staff” any more" in gone
    never = await web.browser.get(f"/managers/{manager['id']}/contact-history", params={"unique_id": "never"})
    assert never.status_code == 404
    assert "none ever had" in never.text
    for unique_id in ("", " ", "a\0b"):
        wrong = await web.browser.get(f"/managers/{manager['id']}/contact-history", params={"unique_id": unique_id})
        assert wrong.status_code == 422


async def test_a_value_tells_where_it_came_from_however_often_others_changed_since(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager(key_field="Employee no")
    contact = f"/managers/{manager['id']}/contacts/7"
    (await web.api.put(contact, json={"fields": {"Email": "rare@x.example"}})).raise_for_status()
    for number in range(101):
        (
            await web.api.put(contact, json={"fields": {"Email": "rare@x.example", "Portal": f"{CANARY} {number}"}})
        ).raise_for_status()
    shown = await web.browser.get(f"/managers/{manager['id']}/contact-history", params={"unique_id": "7"})
    values = re.search(r"rare@x\.example.*?</tr>", shown.text, re.DOTALL)
    assert values
    assert f"By hand: {LOGIN}" in values[0]
