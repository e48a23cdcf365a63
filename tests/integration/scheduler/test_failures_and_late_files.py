"""What people ask of a schedule: try again, pause when it goes on failing, tell when the file is late."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.events.import_warnings import ImportWarned
from shared.rules.due import Pause
from shared.rules.recurrence import Schedule
from shared.rules.schedule_policy import SchedulePolicy
from shared.store.runs import request_run
from shared.store.schedules import pause_import, resume_import
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.support.scheduled_imports import add_imports, add_managers

DAY = timedelta(days=1)
HALF_PAST = NOW + timedelta(minutes=30)


def daily(**policy: Any) -> Schedule:
    start = datetime.fromisoformat("2026-11-01T06:30")
    return Schedule(start, "Europe/Berlin", "FREQ=DAILY", policy=SchedulePolicy(**policy))


async def end_runs(schedulers: Schedulers, status: str, code: str | None = None) -> None:
    """End what is under way, and let two schedulers see to what follows."""
    await schedulers.finish(status, code)
    await schedulers.dispatcher().follow_up()
    await schedulers.dispatcher().follow_up()


async def warnings(schedulers: Schedulers) -> list[ImportWarned]:
    rows = await schedulers.db.fetch("SELECT body FROM outbox WHERE topic = 'import.warned' ORDER BY id")
    return [ImportWarned.model_validate_json(row["body"]) for row in rows]


async def pause_of(schedulers: Schedulers, import_id: UUID) -> tuple[datetime | None, str | None, int]:
    row = await schedulers.db.fetchrow(
        "SELECT pause_from, pause_reason, failures FROM imports WHERE id = $1", import_id
    )
    assert row
    return row["pause_from"], row["pause_reason"], row["failures"]


async def test_a_run_that_failed_is_tried_again_so_many_times_and_not_past_the_next(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(retry_minutes=10, retries=2))
    dispatcher = schedulers.dispatcher()
    schedulers.clock.set(HALF_PAST)
    await dispatcher.queue_due()
    for _ in range(2):
        await end_runs(schedulers, "failed", "login_refused")
        assert await schedulers.next_at(made) == schedulers.clock.now() + timedelta(minutes=10)
        schedulers.clock.go(timedelta(minutes=10))
        await dispatcher.queue_due()
    await end_runs(schedulers, "failed", "login_refused")
    assert await schedulers.next_at(made) == HALF_PAST + DAY
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST, None, None]
    assert await schedulers.missed(made) == []
    schedulers.clock.set(HALF_PAST + DAY)
    await dispatcher.queue_due()
    await end_runs(schedulers, "failed", "login_refused")
    assert await schedulers.next_at(made) == HALF_PAST + DAY + timedelta(minutes=10), "tries are counted anew"


async def test_a_try_again_that_comes_after_an_outage_makes_up_for_all(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(retry_minutes=10))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await end_runs(schedulers, "failed", "login_refused")
    schedulers.clock.go(3 * DAY)
    await schedulers.dispatcher().queue_due()
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST, HALF_PAST + 3 * DAY]
    assert await schedulers.missed(made) == [("downtime", 2)]
    assert await schedulers.db.fetchval("SELECT retries FROM imports") == 0, "a new due time is tried as often as any"


@pytest.mark.parametrize(
    ("status", "code"), [("succeeded", None), ("unchanged", None), ("refused", "guard"), ("cancelled", None)]
)
async def test_others_are_not_tried_again(schedulers: Schedulers, status: str, code: str | None) -> None:
    made = await schedulers.new_import(daily(retry_minutes=10))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await end_runs(schedulers, status, code)
    assert await schedulers.next_at(made) == HALF_PAST + DAY


async def test_failures_in_a_row_pause_the_schedule_with_one_mail(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(pause_after_failures=3))
    for status in ("failed", "succeeded", "failed", "refused", "failed"):
        schedulers.clock.set((await schedulers.next_at(made)) or NOW)
        await schedulers.dispatcher().queue_due()
        await end_runs(schedulers, status, None if status == "succeeded" else "login_refused")
    assert await schedulers.next_at(made) is None
    assert await pause_of(schedulers, made) == (schedulers.clock.now(), "its runs failed 3 times in a row", 3)
    (warning,) = await warnings(schedulers)
    assert (warning.warning, warning.failures, warning.error_emails) == ("schedule_paused", 3, ["it@example.com"])
    assert "It went wrong." in warning.message
    schedulers.clock.go(3 * DAY)
    await schedulers.dispatcher().queue_due()
    assert len(await schedulers.runs()) == 5
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=schedulers.clock.now())
    assert await pause_of(schedulers, made) == (None, None, 0)
    assert await schedulers.missed(made) == [("paused", 3)]
    assert await schedulers.next_at(made) == schedulers.clock.now() + DAY


async def test_runs_asked_for_by_hand_are_no_failures_of_the_schedule(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(pause_after_failures=1))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await schedulers.finish()
    async with schedulers.db.transaction():
        await request_run(schedulers.db, made, trigger="now", now=schedulers.clock.now())
    await end_runs(schedulers, "failed", "login_refused")
    assert await pause_of(schedulers, made) == (None, None, 0)


async def test_a_pause_between_two_days(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    pause = Pause(NOW + DAY, NOW + 4 * DAY)
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, pause, now=NOW)
    assert await schedulers.next_at(made) == HALF_PAST
    days = []
    for _ in range(3):
        due = await schedulers.next_at(made)
        assert due
        days.append((due - NOW).days)
        schedulers.clock.go(due - schedulers.clock.now())
        await schedulers.dispatcher().queue_due()
        await schedulers.finish()
    assert days == [0, 4, 5]
    assert await schedulers.missed(made) == [("paused", 3)]
    assert (await pause_of(schedulers, made))[0] is None


async def test_a_pause_that_outlasts_the_schedule_ends_and_is_told_of(schedulers: Schedulers) -> None:
    start = datetime.fromisoformat("2026-12-01T06:30")
    made = await schedulers.new_import(Schedule(start, "Europe/Berlin", "FREQ=DAILY", count=5))
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW + 3 * DAY, NOW + 30 * DAY), now=NOW)
    for day in range(3):
        schedulers.clock.set(HALF_PAST + day * DAY)
        await schedulers.dispatcher().queue_due()
        assert await schedulers.finish() == 1
    assert await schedulers.next_at(made) is None
    wait = await schedulers.dispatcher().queue_due()
    assert wait == 60
    schedulers.clock.set(NOW + 30 * DAY - timedelta(seconds=5))
    assert await schedulers.dispatcher().queue_due() == 5, "it wakes when the pause ends"
    schedulers.clock.go(timedelta(seconds=5))
    await schedulers.dispatcher().queue_due()
    assert await pause_of(schedulers, made) == (None, None, 0)
    assert await schedulers.missed(made) == [("paused", 2)]


async def test_pausing_what_is_overdue_is_told_of(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    schedulers.clock.set(HALF_PAST + DAY + timedelta(hours=1))
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(schedulers.clock.now(), None), now=schedulers.clock.now())
    await schedulers.dispatcher().queue_due()
    assert await schedulers.runs() == []
    assert await schedulers.missed(made) == [("downtime", 2)]


async def test_what_is_overdue_when_a_later_pause_is_set_or_taken_off_still_runs(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    schedulers.clock.set(HALF_PAST + timedelta(hours=1))
    now = schedulers.clock.now()
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(now + DAY, now + 3 * DAY), now=now)
    assert await schedulers.next_at(made) == HALF_PAST
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=now)
    await schedulers.dispatcher().queue_due()
    assert [run["due_at"] for run in await schedulers.runs()] == [HALF_PAST]
    assert await schedulers.missed(made) == []


async def test_a_pause_taken_off_after_an_outage_notes_both(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW + 2 * DAY, None), now=NOW)
    schedulers.clock.go(5 * DAY)
    async with schedulers.db.transaction():
        await resume_import(schedulers.db, made, now=schedulers.clock.now())
    await schedulers.dispatcher().queue_due()
    assert await schedulers.missed(made) == [("downtime", 2), ("paused", 3)]
    assert await schedulers.next_at(made) == HALF_PAST + 5 * DAY


FILE_BY = time(9, 0)
NINE = NOW + timedelta(hours=3)


async def test_a_file_that_has_not_come_in_time_is_told_of_once(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(file_by=FILE_BY))
    dispatcher = schedulers.dispatcher()
    schedulers.clock.set(HALF_PAST)
    await dispatcher.queue_due()
    await schedulers.finish("failed", "file_missing")
    schedulers.clock.set(NINE - timedelta(seconds=1))
    assert await dispatcher.look_for_late_files() == 1
    assert await warnings(schedulers) == []
    schedulers.clock.set(NINE)
    await dispatcher.look_for_late_files()
    await dispatcher.look_for_late_files()
    (warning,) = await warnings(schedulers)
    assert (warning.warning, warning.expected_at, warning.import_id) == ("file_late", NINE, made)
    assert "has not come" in warning.message
    assert await schedulers.db.fetchval("SELECT file_due_at FROM imports") == NINE + DAY


@pytest.mark.parametrize(
    ("status", "sha256", "late"),
    [
        *(("succeeded", "aa", False), ("succeeded_with_errors", "aa", False), ("refused", "aa", False)),
        *(("failed", "aa", False), ("failed", None, True), ("unchanged", "aa", True), ("cancelled", "aa", True)),
    ],
)
async def test_what_counts_as_a_file_that_came(
    schedulers: Schedulers, status: str, sha256: str | None, *, late: bool
) -> None:
    await schedulers.new_import(daily(file_by=FILE_BY))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    await schedulers.db.execute("UPDATE runs SET file_sha256 = $1", sha256)
    await schedulers.finish(status)
    schedulers.clock.set(NINE)
    await schedulers.dispatcher().look_for_late_files()
    assert bool(await warnings(schedulers)) is late


async def test_the_same_file_imported_every_time_has_not_changed(schedulers: Schedulers) -> None:
    await schedulers.new_import(daily(file_by=FILE_BY))
    dispatcher = schedulers.dispatcher()
    for day, sha256 in enumerate(["aa", "aa", "bb"]):
        schedulers.clock.set(HALF_PAST + day * DAY)
        await dispatcher.queue_due()
        await schedulers.db.execute("UPDATE runs SET file_sha256 = $1 WHERE finished_at IS NULL", sha256)
        await schedulers.finish("succeeded")
        schedulers.clock.set(NINE + day * DAY)
        await dispatcher.look_for_late_files()
    (warning,) = await warnings(schedulers)
    assert warning.expected_at == NINE + DAY
    assert "has not changed" in warning.message


async def test_days_without_a_due_time_and_pauses_want_no_file(schedulers: Schedulers) -> None:
    schedule = Schedule(
        datetime.fromisoformat("2026-11-01T06:30"),
        "Europe/Berlin",
        "FREQ=WEEKLY;BYDAY=FR",
        policy=SchedulePolicy(file_by=FILE_BY),
    )
    (manager,) = await add_managers(schedulers.db, 1)
    (made,) = await add_imports(schedulers.db, [manager], schedule, now=NOW)
    friday = NINE + 3 * DAY  # 1 December 2026 is a Tuesday
    assert await schedulers.db.fetchval("SELECT file_due_at FROM imports") == friday
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW, None), now=NOW)
    assert await schedulers.db.fetchval("SELECT file_due_at FROM imports") is None


async def test_a_file_is_not_late_while_the_run_that_may_bring_it_goes_on(schedulers: Schedulers) -> None:
    """The scheduler was down over the due time and the deadline, and the run takes its time."""
    await schedulers.new_import(daily(file_by=FILE_BY))
    schedulers.clock.set(NINE + timedelta(hours=1))
    dispatcher = schedulers.dispatcher()
    await dispatcher.look_for_late_files()
    await dispatcher.queue_due()
    for _ in range(14 * 60):
        schedulers.clock.go(timedelta(minutes=1))
        await dispatcher.look_for_late_files()
    assert await warnings(schedulers) == []
    await schedulers.finish("failed", "file_missing")
    schedulers.clock.go(timedelta(minutes=1))
    await dispatcher.look_for_late_files()
    assert [warning.expected_at for warning in await warnings(schedulers)] == [NINE]
    assert await schedulers.db.fetchval("SELECT file_due_at FROM imports") == NINE + DAY


async def test_a_file_that_comes_with_a_run_begun_before_the_deadline_is_not_late(schedulers: Schedulers) -> None:
    await schedulers.new_import(daily(file_by=FILE_BY))
    schedulers.clock.set(HALF_PAST)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    schedulers.clock.set(NINE)
    await dispatcher.look_for_late_files()
    await schedulers.db.execute("UPDATE runs SET file_sha256 = 'aa'")
    await schedulers.finish()
    schedulers.clock.go(timedelta(minutes=1))
    await dispatcher.look_for_late_files()
    assert await warnings(schedulers) == []


async def test_a_file_is_not_late_before_the_spread_lets_its_run_begin(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(file_by=time(6, 30), spread_minutes=60))
    begins = await schedulers.next_at(made)
    assert begins
    assert begins > HALF_PAST
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().look_for_late_files()
    assert await warnings(schedulers) == []
    schedulers.clock.set(begins)
    await schedulers.dispatcher().queue_due()
    await schedulers.finish("failed", "file_missing")
    schedulers.clock.go(timedelta(minutes=1))
    await schedulers.dispatcher().look_for_late_files()
    assert len(await warnings(schedulers)) == 1


async def test_nothing_is_tried_again_within_a_pause(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(retry_minutes=10))
    schedulers.clock.set(HALF_PAST)
    await schedulers.dispatcher().queue_due()
    async with schedulers.db.transaction():
        pause = Pause(HALF_PAST + timedelta(minutes=5), HALF_PAST + 3 * DAY)
        await pause_import(schedulers.db, made, pause, now=HALF_PAST)
    await end_runs(schedulers, "failed", "login_refused")
    assert await schedulers.next_at(made) == HALF_PAST + 3 * DAY


async def day_of_file(
    schedulers: Schedulers, due: datetime, status: str, sha256: str | None, deadline: datetime
) -> None:
    """Let a run come due that takes until after the deadline, where that is at once, and look at the deadline."""
    dispatcher = schedulers.dispatcher()
    schedulers.clock.set(due)
    await dispatcher.queue_due()
    await dispatcher.look_for_late_files()
    await schedulers.db.execute("UPDATE runs SET file_sha256 = $1 WHERE finished_at IS NULL", sha256)
    schedulers.clock.go(timedelta(seconds=30))
    await schedulers.finish(status)
    schedulers.clock.set(max(deadline, schedulers.clock.now()) + timedelta(minutes=2))
    await dispatcher.look_for_late_files()


async def test_a_run_that_was_waited_for_brings_no_file_for_the_next_day_too(schedulers: Schedulers) -> None:
    await schedulers.new_import(daily(file_by=time(6, 30)))
    files = [("succeeded", "a"), ("unchanged", "a"), ("succeeded", "b"), ("failed", None), ("succeeded", "c")]
    for number, (status, sha256) in enumerate(files):
        due = HALF_PAST + number * DAY
        await day_of_file(schedulers, due, status, sha256, due)
    assert [warning.expected_at for warning in await warnings(schedulers)] == [HALF_PAST + DAY, HALF_PAST + 3 * DAY]


async def test_the_day_before_a_deadline_has_23_hours_in_spring(schedulers: Schedulers) -> None:
    start = datetime.fromisoformat("2026-11-01T08:15")
    schedulers.clock.set(datetime(2027, 3, 27, 6, 0, tzinfo=UTC))
    schedule = Schedule(start, "Europe/Berlin", "FREQ=DAILY", policy=SchedulePolicy(file_by=time(9, 0)))
    await schedulers.new_import(schedule)
    saturday, sunday = datetime(2027, 3, 27, 7, 15, tzinfo=UTC), datetime(2027, 3, 28, 6, 15, tzinfo=UTC)
    late = timedelta(minutes=45)
    await day_of_file(schedulers, saturday, "succeeded", "a", saturday + late)
    await day_of_file(schedulers, sunday, "unchanged", "a", sunday + late)
    assert [warning.expected_at for warning in await warnings(schedulers)] == [sunday + late]


async def test_what_a_try_again_brought_after_the_deadline_is_no_file_of_the_next_day(schedulers: Schedulers) -> None:
    await schedulers.new_import(daily(file_by=time(7, 0), retry_minutes=50))
    deadline = HALF_PAST + timedelta(minutes=30)
    await day_of_file(schedulers, HALF_PAST, "failed", None, deadline)
    await schedulers.dispatcher().follow_up()
    await day_of_file(schedulers, HALF_PAST + timedelta(minutes=51), "succeeded", "a", deadline)
    await day_of_file(schedulers, HALF_PAST + DAY, "failed", None, deadline + DAY)
    assert [warning.expected_at for warning in await warnings(schedulers)] == [deadline, deadline + DAY]


async def test_a_run_that_a_long_outage_held_up_brings_the_file_of_the_day_that_it_runs_on(
    schedulers: Schedulers,
) -> None:
    await schedulers.new_import(daily(file_by=time(7, 0)))
    deadline = HALF_PAST + timedelta(minutes=30)
    await day_of_file(schedulers, HALF_PAST, "succeeded", "a", deadline)
    back = HALF_PAST + 2 * DAY - timedelta(minutes=30)
    await day_of_file(schedulers, back, "succeeded", "b", back)
    await day_of_file(schedulers, HALF_PAST + 2 * DAY, "unchanged", "b", deadline + 2 * DAY)
    assert await warnings(schedulers) == []
