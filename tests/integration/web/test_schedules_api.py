"""Schedules over the API: any rule, what it means, pauses, what was missed, what a run waits for."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.ids import new_id
from shared.store.schedules import MissedCode, note_missed
from tests.integration.web.conftest import NOW, Web, problem

DAILY = {"start": "2026-12-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
FIRST = datetime.fromisoformat("2026-12-01T05:30:00+00:00")
DAY = timedelta(days=1)


async def scheduled(web: Web, **changes: Any) -> dict[str, Any]:
    return await web.new_import((await web.manager())["id"], schedule=DAILY | changes)


def times(document: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(time) for time in document["next_runs"]]


async def test_a_schedule_reads_as_a_sentence_with_the_next_five_times(web: Web) -> None:
    saved = await scheduled(web, rrule="FREQ=WEEKLY;BYDAY=MO,FR", count=3)
    assert saved["schedule_sentence"] == (
        "Every week on Monday and Friday at 06:30 (Europe/Berlin), from 1 December 2026, 3 times."
    )
    assert [f"{time:%a %d %H:%M}" for time in times(saved)] == ["Fri 04 05:30", "Mon 07 05:30", "Fri 11 05:30"]
    assert datetime.fromisoformat(saved["next_run_at"]) == times(saved)[0]
    assert (saved["pause"], saved["failures"]) == (None, 0)
    without = await web.new_import((await web.manager())["id"])
    assert (without["schedule_sentence"], without["next_runs"], without["next_run_at"]) == (None, [], None)


async def test_a_schedule_is_shown_before_it_is_saved(web: Web) -> None:
    answer = await web.api.post("/schedule-previews", json=DAILY | {"rrule": "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"})
    assert answer.json()["sentence"].startswith("Every month on the last day at 06:30 (Europe/Berlin)")
    assert len(times(answer.json())) == 5
    refused = await web.api.post("/schedule-previews", json=DAILY | {"rrule": "FREQ=MINUTELY"})
    assert problem(refused) == (422, "rrule_too_often", "schedule.rrule")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"rrule": "FREQ=MINUTELY;INTERVAL=4"}, "rrule_too_often", "schedule.rrule"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rrule_never_due", "schedule.rrule"),
        ({"rrule": "FREQ=DAILY;COUNT=5", "count": 5}, "schedule_range", "schedule.count"),
        ({"count": 1001}, "schedule_range", "schedule.count"),
        ({"retry_minutes": 0}, "schedule_policy", "schedule.retry_minutes"),
        ({"rrule": None, "start": "2026-11-20T12:00:00"}, "schedule_over", "schedule.start"),
        ({"start": "2026-11-01T06:30:00", "until": "2026-11-19"}, "schedule_over", "schedule.until"),
        ({"spread_minutes": 61}, "schedule_policy", "schedule.spread_minutes"),
        (
            {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=6,18;BYSETPOS=-1", "file_by": "07:00"},
            "schedule_policy",
            "schedule.file_by",
        ),
    ],
)
async def test_what_cannot_be_followed_is_refused(web: Web, changes: dict[str, Any], code: str, field: str) -> None:
    manager = await web.manager()
    answer = await web.api.post(
        "/imports", json={**(await web.new_import(manager["id"])), "schedule": DAILY | changes, "source": SOURCE}
    )
    assert problem(answer) == (422, code, field)


SOURCE = {"kind": "remote", "url": "sftp://files.example/people.csv", "login": "hr", "password": "p"}
POLICY = {"retry_minutes": 15, "retries": 5, "pause_after_failures": 3, "file_by": "09:00:00", "spread_minutes": 10}


async def test_what_goes_with_a_schedule_is_read_back_where_it_was_given(web: Web) -> None:
    saved = await scheduled(web, **POLICY)
    assert saved["schedule"] == DAILY | {"until": None, "count": None} | POLICY
    first = datetime.fromisoformat(saved["next_run_at"])
    assert FIRST <= first < FIRST + timedelta(minutes=10)
    taken_out = {"schedule": {"retry_minutes": None, "retries": None}}
    changed = await web.api.patch(f"/imports/{saved['id']}", json=taken_out)
    assert "retries" not in changed.json()["schedule"]
    assert "retry_minutes" not in changed.json()["schedule"]
    assert await web.db.fetchval("SELECT file_due_at FROM imports") == FIRST + timedelta(hours=2.5)


async def test_a_pause_and_its_end(web: Web) -> None:
    saved = await scheduled(web)
    url = f"/imports/{saved['id']}"
    paused = (await web.api.post(f"{url}/pause")).json()
    assert (paused["next_run_at"], paused["next_runs"]) == (None, [])
    assert datetime.fromisoformat(paused["pause"]["from"]) == NOW
    assert paused["pause"]["until"] is None
    web.clock.time = FIRST + 2 * DAY + timedelta(minutes=1)
    resumed = (await web.api.post(f"{url}/resume")).json()
    assert resumed["pause"] is None
    assert times(resumed)[0] == datetime.fromisoformat(resumed["next_run_at"]) == FIRST + 3 * DAY
    (missed,) = (await web.api.get(f"{url}/missed")).json()["items"]
    assert (missed["code"], missed["occurrences"]) == ("paused", 3)
    assert datetime.fromisoformat(missed["due_at"]) == FIRST
    assert datetime.fromisoformat(missed["last_due_at"]) == FIRST + 2 * DAY
    assert problem(await web.api.post(f"{url}/resume"))[:2] == (409, "schedule_not_paused")


@pytest.mark.parametrize(
    ("change", "runs", "missed"),
    [
        ({"file_by": "09:00:00"}, True, 0),
        ({"spread_minutes": 0}, True, 0),
        ({"start": "2026-11-30T07:00:00"}, False, 2),
    ],
)
async def test_a_change_while_a_run_is_overdue(web: Web, change: dict[str, Any], missed: int, *, runs: bool) -> None:
    """What is due and waits for a scheduler still runs, or is missed where its times are others now."""
    saved = await scheduled(web)
    await web.db.execute("UPDATE imports SET failures = 2, retries = 1")
    web.clock.time = FIRST + DAY + timedelta(minutes=1)
    changed = (await web.api.patch(f"/imports/{saved['id']}", json={"schedule": change})).json()
    assert (datetime.fromisoformat(changed["next_run_at"]) == FIRST) is runs
    items = (await web.api.get(f"/imports/{saved['id']}/missed")).json()["items"]
    assert [item["occurrences"] for item in items] == [missed] * bool(missed)
    unchanged = change == {"spread_minutes": 0}
    assert changed["failures"] == (2 if unchanged else 0), "another schedule has not failed yet"


@pytest.mark.parametrize("retried", [False, True])
async def test_a_spread_that_is_put_on_does_not_make_due_again_what_has_run(web: Web, *, retried: bool) -> None:
    saved = await scheduled(web)
    retry_at = FIRST + timedelta(minutes=20) if retried else None
    await web.db.execute(
        "UPDATE imports SET next_run_at = coalesce($1, next_run_at + interval '1 day'), retry_at = $1", retry_at
    )
    web.clock.time = FIRST
    changed = (await web.api.patch(f"/imports/{saved['id']}", json={"schedule": {"spread_minutes": 60}})).json()
    assert timedelta() <= datetime.fromisoformat(changed["next_run_at"]) - (FIRST + DAY) < timedelta(hours=1)
    assert times(changed)[0] == datetime.fromisoformat(changed["next_run_at"])


async def test_a_spread_that_is_taken_off_loses_no_run_that_waits_in_it(web: Web) -> None:
    saved = await scheduled(web, spread_minutes=60)
    begins = datetime.fromisoformat(saved["next_run_at"])
    web.clock.time = FIRST + (begins - FIRST) / 2
    changed = (await web.api.patch(f"/imports/{saved['id']}", json={"schedule": {"spread_minutes": 0}})).json()
    assert datetime.fromisoformat(changed["next_run_at"]) == FIRST, "its time has come"
    assert (await web.api.get(f"/imports/{saved['id']}/missed")).json()["items"] == []


async def test_an_import_whose_schedule_has_ended_can_be_changed(web: Web) -> None:
    saved = await scheduled(web, count=1)
    web.clock.time = FIRST + 9 * DAY
    changed = await web.api.patch(f"/imports/{saved['id']}", json={"name": "Other"})
    assert changed.status_code == 200, changed.text


async def test_a_pause_for_some_days(web: Web) -> None:
    saved = await scheduled(web)
    url = f"/imports/{saved['id']}"
    paused = (await web.api.post(f"{url}/pause", json={"from": "2026-12-02", "until": "2026-12-04"})).json()
    assert [(time - FIRST).days for time in times(paused)] == [0, 4, 5, 6, 7]
    await web.api.patch(url, json={"schedule": {"start": "2026-12-01T07:30:00"}})
    kept = (await web.api.get(url)).json()
    assert [(time - FIRST).days for time in times(kept)] == [0, 4, 5, 6, 7], "a change keeps the pause"
    refused = await web.api.post(f"{url}/pause", json={"from": "2026-12-05", "until": "2026-12-04"})
    assert problem(refused) == (422, "pause_range", "until")


async def test_a_pause_is_over_when_its_time_is_and_goes_with_the_schedule(web: Web) -> None:
    saved = await scheduled(web)
    url = f"/imports/{saved['id']}"
    await web.api.post(f"{url}/pause", json={"until": "2026-12-04"})
    web.clock.time = FIRST + 2 * DAY
    assert (await web.api.get(url)).json()["pause"] is not None
    again = (await web.api.post(f"{url}/pause", json={"until": "2026-12-06"})).json()
    assert again["pause"]["until"].startswith("2026-12-06")
    (missed,) = (await web.api.get(f"{url}/missed")).json()["items"]
    assert missed["occurrences"] == 2, "what the first pause took is told"
    web.clock.time = FIRST + 9 * DAY
    assert (await web.api.get(url)).json()["pause"] is None
    await web.api.post(f"{url}/pause")
    await web.api.patch(url, json={"schedule": None})
    anew = await web.api.patch(url, json={"schedule": DAILY})
    assert (anew.json()["pause"], anew.json()["next_run_at"] is None) == (None, False)


async def test_only_a_schedule_can_pause(web: Web) -> None:
    made = await web.new_import((await web.manager())["id"])
    assert problem(await web.api.post(f"/imports/{made['id']}/pause"))[:2] == (409, "schedule_missing")
    assert problem(await web.api.post(f"/imports/{new_id()}/pause"))[:2] == (404, "import_not_found")
    assert problem(await web.api.get(f"/imports/{new_id()}/missed"))[:2] == (404, "import_not_found")


async def test_what_was_missed_is_listed_with_its_cause(web: Web) -> None:
    saved = await scheduled(web)
    imports = await web.db.fetchval("SELECT id FROM imports")
    spans: Any = [
        (imports, [FIRST, FIRST + DAY], "downtime", "The scheduler was not running."),
        (imports, [FIRST + 2 * DAY], "run_active", "A run was under way."),
        (imports, [], "downtime", "Nothing."),
    ]
    await note_missed(web.db, spans, now=NOW)
    items = (await web.api.get(f"/imports/{saved['id']}/missed")).json()["items"]
    assert [(item["code"], item["occurrences"]) for item in items] == [("run_active", 1), ("downtime", 2)]
    first = (await web.api.get(f"/imports/{saved['id']}/missed", params={"limit": 1})).json()
    second = (await web.api.get(f"/imports/{saved['id']}/missed", params={"limit": 1, "cursor": first["next"]})).json()
    assert [page["items"] for page in (first, second)] == [items[:1], items[1:]]
    assert second["next"] is None
    wrong = await web.api.get(f"/imports/{saved['id']}/missed", params={"cursor": "bm8="})
    assert problem(wrong)[:2] == (422, "cursor_invalid")


async def test_spans_that_begin_alike_are_listed_on_pages_that_miss_none(web: Web) -> None:
    saved = await scheduled(web)
    import_id = UUID(saved["id"])
    codes: list[MissedCode] = ["run_active", "downtime", "paused"]
    await note_missed(web.db, [(import_id, [FIRST], code, "So it was.") for code in codes], now=NOW)
    listed: list[str] = []
    cursor = None
    while not listed or cursor:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await web.api.get(f"/imports/{import_id}/missed", params=params)).json()
        listed += [item["code"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(listed) == sorted(codes)


async def test_a_run_that_waits_says_for_what_and_since_when(web: Web) -> None:
    manager = await web.manager()
    made = [await web.new_import(manager["id"]) for _ in range(3)]
    first, second, third = [(await web.api.post(f"/imports/{each['id']}/runs")).json() for each in made]
    assert first["waiting"] == {
        "code": "scheduler",
        "message": "It waits for the scheduler to take it up.",
        "since": first["queued_at"],
        "runs_before": 0,
        "run_id": None,
    }
    assert (third["waiting"]["code"], third["waiting"]["runs_before"]) == ("turn", 2)
    await web.db.execute("UPDATE runs SET trigger = 'schedule' WHERE id = $1", first["id"])
    places = [(await web.api.get(f"/runs/{run['id']}")).json()["waiting"]["runs_before"] for run in (first, second)]
    assert places == [2, 0], "who asks goes before schedules"
    await web.db.execute("UPDATE runs SET status = 'applying', attempt = 1 WHERE id = $1", first["id"])
    await web.db.execute("UPDATE runs SET status = 'planning', attempt = 1 WHERE id = $1", second["id"])
    await web.db.execute("UPDATE runs SET status = 'fetching', attempt = 1 WHERE id = $1", third["id"])

    async def waiting(run: dict[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await web.api.get(f"/runs/{run['id']}")).json()["waiting"]
        return found

    assert await waiting(first) is None
    behind = await waiting(second)
    assert behind
    assert (behind["code"], behind["run_id"]) == ("manager", first["id"])
    for_fetcher = await waiting(third)
    assert for_fetcher
    assert for_fetcher["code"] == "fetcher"
    await web.db.execute("UPDATE runs SET taken_up_at = now() WHERE id = $1", third["id"])
    assert await waiting(third) is None
    await web.db.execute("UPDATE runs SET waits_for_turn = true WHERE id = $1", third["id"])
    for_turn = await waiting(third)
    assert for_turn
    assert (for_turn["code"], "one server" in for_turn["message"]) == ("fetcher", True)
    await web.db.execute("UPDATE runs SET status = 'staging' WHERE id = $1", third["id"])
    for_parser = await waiting(third)
    assert for_parser
    assert for_parser["code"] == "parser"
    await web.db.execute("UPDATE runs SET parsed_from = now() WHERE id = $1", third["id"])
    assert await waiting(third) is None
