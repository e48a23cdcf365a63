"""What a pause takes, and what it leaves: overdue runs, tries again, runs that wait in their spread, the history."""

from datetime import timedelta

from shared.rules.due import Pause
from shared.store.schedules import pause_import
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.integration.scheduler.test_failures_and_late_files import DAY, HALF_PAST, daily, end_runs

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
