"""What a pause takes, and what it leaves: overdue runs, tries again, runs that wait in their spread, the history."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.scheduler.adapters.recomputing import recompute_due
from shared.rules.due import Pause, next_due
from shared.store.imports import ImportDraft, get_import, update_import
from shared.store.runs import request_run
from shared.store.schedules import pause_import, resume_import
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.integration.scheduler.test_failures_and_late_files import DAY, HALF_PAST, daily, end_runs
from tests.support.scheduled_imports import add_imports, add_managers

MINUTE = timedelta(minutes=1)


async def test_what_is_overdue_when_a_pause_has_begun_is_missed_and_does_not_run_in_it(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW + DAY, NOW + 4 * DAY), now=NOW)
    schedulers.clock.go(2 * DAY)  # no scheduler ran, until within the pause
    await schedulers.dispatcher().queue_due()
    assert await schedulers.runs() == []
    assert await schedulers.next_at(made) == HALF_PAST + 4 * DAY
    assert await schedulers.missed(made) == [("downtime", 1)]
    schedulers.clock.go(3 * DAY)
    await schedulers.dispatcher().queue_due()
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST + 4 * DAY]
    assert await schedulers.missed(made) == [("downtime", 1), ("paused", 3)]


async def test_a_try_again_that_is_overdue_when_a_pause_has_begun_is_dropped(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(retry_minutes=10))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await end_runs(schedulers, "failed", "login_refused")
    await schedulers.db.execute(
        "UPDATE imports SET pause_from = $1, pause_until = $2", HALF_PAST + 15 * MINUTE, HALF_PAST + DAY / 2
    )
    schedulers.clock.go(20 * MINUTE)
    await schedulers.dispatcher().queue_due()
    assert len(await schedulers.runs()) == 1
    assert await schedulers.next_at(made) == HALF_PAST + DAY
    assert await schedulers.missed(made) == []


async def that_begins_by_seven(schedulers: Schedulers) -> UUID:
    """Return an import that is due at half past six, and begins at seven by its spread: 06:00 UTC."""
    made = UUID(int=30 * 60)
    (manager,) = await add_managers(schedulers.db, 1)
    await add_imports(schedulers.db, [manager], daily(spread_minutes=60), now=NOW)
    await schedulers.db.execute("UPDATE imports SET id = $1, next_run_at = $2", made, HALF_PAST + 30 * MINUTE)
    return made


async def pause_at(schedulers: Schedulers, import_id: UUID, minutes: int, until: int | None = None) -> None:
    """Pause so many minutes after the due time, and go there."""
    schedulers.clock.set(HALF_PAST + minutes * MINUTE)
    ends = None if until is None else HALF_PAST + until * MINUTE
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, import_id, Pause(schedulers.clock.now(), ends), now=schedulers.clock.now())


async def test_a_pause_stops_a_run_that_waits_in_its_spread(schedulers: Schedulers) -> None:
    made = await that_begins_by_seven(schedulers)
    await pause_at(schedulers, made, 5)
    assert await schedulers.next_at(made) is None
    schedulers.clock.set(HALF_PAST + 40 * MINUTE)
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=schedulers.clock.now())
    assert await schedulers.next_at(made) == HALF_PAST + 30 * MINUTE + DAY
    assert await schedulers.missed(made) == [("paused", 1)]


async def test_a_pause_over_its_due_time_takes_a_run_that_would_begin_later(schedulers: Schedulers) -> None:
    made = await that_begins_by_seven(schedulers)
    await pause_at(schedulers, made, -10, until=DAY // MINUTE * 9)
    assert await schedulers.next_at(made) == HALF_PAST + 30 * MINUTE + 9 * DAY
    await pause_at(schedulers, made, 10, until=15)
    assert await schedulers.next_at(made) == HALF_PAST + 30 * MINUTE + DAY, "the pause that was before has taken it"
    assert await schedulers.missed(made) == [("paused", 1)]


async def test_a_pause_that_ends_in_the_spread_gives_nothing_back(schedulers: Schedulers) -> None:
    made = await that_begins_by_seven(schedulers)
    await pause_at(schedulers, made, -10)
    schedulers.clock.set(HALF_PAST + 10 * MINUTE)
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=schedulers.clock.now())
    assert await schedulers.next_at(made) == HALF_PAST + 30 * MINUTE + DAY
    assert await schedulers.missed(made) == [("paused", 1)]


async def test_a_pause_between_its_due_time_and_its_begin_takes_nothing(schedulers: Schedulers) -> None:
    made = await that_begins_by_seven(schedulers)
    await pause_at(schedulers, made, 5, until=20)
    schedulers.clock.set(HALF_PAST + 30 * MINUTE)
    await schedulers.dispatcher().queue_due()
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST]
    assert await schedulers.missed(made) == []


async def failed_with_a_try_again(schedulers: Schedulers, pause: Pause | None = None) -> UUID:
    """Return an import whose run has failed, and is tried again in half an hour."""
    made = await schedulers.new_import(daily(retry_minutes=30))
    if pause is not None:
        async with schedulers.db.transaction():
            await pause_import(schedulers.db, made, pause, now=NOW)
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await end_runs(schedulers, "failed", "login_refused")
    assert await schedulers.next_at(made) == HALF_PAST + 30 * MINUTE
    return made


async def retry_at(schedulers: Schedulers, import_id: UUID) -> datetime | None:
    found: datetime | None = await schedulers.db.fetchval("SELECT retry_at FROM imports WHERE id = $1", import_id)
    return found


async def test_a_pause_to_come_its_end_and_new_rules_repeat_nothing_that_ran_before_a_spread(
    schedulers: Schedulers,
) -> None:
    made = await that_begins_by_seven(schedulers)
    at, carried = HALF_PAST + 10 * MINUTE, HALF_PAST + DAY + 30 * MINUTE  # it ran at half past, then was spread
    await schedulers.db.execute("UPDATE imports SET next_run_at = $1", carried)
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW + 7 * DAY, NOW + 9 * DAY), now=at)
    assert await schedulers.next_at(made) == carried
    await recompute_due(schedulers.database.pool, at)
    assert await schedulers.next_at(made) == carried
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=at)
    assert await schedulers.next_at(made) == carried


async def test_a_pause_that_is_to_come_leaves_a_try_again_and_so_does_its_end(schedulers: Schedulers) -> None:
    made = await failed_with_a_try_again(schedulers)
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW + 7 * DAY, NOW + 9 * DAY), now=HALF_PAST)
    assert await schedulers.next_at(made) == await retry_at(schedulers, made) == HALF_PAST + 30 * MINUTE
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=HALF_PAST)
    assert await schedulers.next_at(made) == await retry_at(schedulers, made) == HALF_PAST + 30 * MINUTE
    schedulers.clock.go(30 * MINUTE)
    await schedulers.dispatcher().queue_due()
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST, None]


async def test_a_pause_that_takes_a_try_again_leaves_nothing_of_it(schedulers: Schedulers) -> None:
    made = await failed_with_a_try_again(schedulers, Pause(NOW + 7 * DAY, NOW + 9 * DAY))
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(HALF_PAST, HALF_PAST + 60 * MINUTE), now=HALF_PAST)
    assert (await schedulers.next_at(made), await retry_at(schedulers, made)) == (HALF_PAST + DAY, None)


async def test_new_rules_of_a_zone_drop_a_try_again_for_an_earlier_time(schedulers: Schedulers) -> None:
    made = await failed_with_a_try_again(schedulers)
    await schedulers.dispatcher(zone_data="1").queue_due()
    far = HALF_PAST + 30 * DAY  # by the old rules
    await schedulers.db.execute("UPDATE imports SET next_run_at = $1, retry_at = $1", far)
    await schedulers.dispatcher(zone_data="2").queue_due()
    assert (await schedulers.next_at(made), await retry_at(schedulers, made)) == (HALF_PAST + DAY, None)


async def test_what_an_outage_took_is_told_where_it_begins_with_a_time_that_was_missed_before(
    schedulers: Schedulers,
) -> None:
    made = await schedulers.new_import(daily())
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    async with schedulers.db.transaction():
        await request_run(schedulers.db, made, trigger="now", now=NOW)
    schedulers.clock.go(30 * MINUTE)
    await dispatcher.queue_due()
    await schedulers.finish()
    for days in (3, 5, 4):
        schedulers.clock.set(NOW)
        await dispatcher.queue_due()
        schedulers.clock.go(days * DAY)
        await dispatcher.queue_due()
        await schedulers.finish()
    assert sorted(await schedulers.missed(made)) == [("downtime", 4), ("run_active", 1)]


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYMONTHDAY=1", None])
async def test_what_a_pause_took_by_another_rule_is_told(schedulers: Schedulers, rule: str | None) -> None:
    made = await schedulers.new_import(daily())
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW, None), now=NOW)
    schedulers.clock.go(5 * DAY)
    now = schedulers.clock.now()
    saved = await get_import(schedulers.db, made)
    schedule = replace(daily(), rrule=rule) if rule else None
    draft = ImportDraft(saved.id, saved.manager_id, saved.name, saved.setup, schedule, None, None)
    async with schedulers.db.transaction():
        await update_import(schedulers.db, draft, before=saved, forget_host_key=False, now=now)
    assert await schedulers.missed(made) == [("paused", 5)]
    if rule:
        schedulers.clock.go(30 * DAY)
        async with schedulers.db.transaction():
            await resume_import(schedulers.db, made, now=schedulers.clock.now())
        assert await schedulers.missed(made) == [("paused", 5), ("paused", 1)]
    assert (await get_import(schedulers.db, made)).pause is None


async def test_a_pause_that_is_over_is_told_once_where_the_rule_changes_before_a_scheduler_saw_its_end(
    schedulers: Schedulers,
) -> None:
    made = await schedulers.new_import(daily())
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW, NOW + 3 * DAY), now=NOW)
    schedulers.clock.go(3 * DAY + 10 * MINUTE)
    now = schedulers.clock.now()
    saved = await get_import(schedulers.db, made)
    hourly = replace(daily(), rrule="FREQ=HOURLY")
    next_at = next_due(hourly, made, now, saved.pause)
    draft = ImportDraft(saved.id, saved.manager_id, saved.name, saved.setup, hourly, next_at, None)
    async with schedulers.db.transaction():
        await update_import(schedulers.db, draft, before=saved, forget_host_key=False, now=now)
    await schedulers.dispatcher().queue_due()
    assert await schedulers.missed(made) == [("paused", 3)]
    assert (await get_import(schedulers.db, made)).pause is None
