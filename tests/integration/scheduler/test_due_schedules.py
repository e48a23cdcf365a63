"""What comes due becomes one run, whatever clocks, zones and outages do."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile

import pytest

from shared.rules.due import Pause
from shared.rules.recurrence import Schedule, due_times
from shared.rules.schedule_policy import SchedulePolicy
from shared.store.schedules import pause_import
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.support.scheduled_imports import add_imports, add_managers
from tests.support.set_clock import SetClock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def daily(time: str = "06:30", **others: SchedulePolicy) -> Schedule:
    return Schedule(datetime.fromisoformat(f"2026-11-01T{time}"), "Europe/Berlin", "FREQ=DAILY", **others)  # type: ignore[arg-type]


async def test_a_schedule_runs_when_it_is_due_and_not_before(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    dispatcher = schedulers.dispatcher()
    assert await dispatcher.queue_due() == 60
    assert await schedulers.runs() == []
    schedulers.clock.set(NOW + timedelta(minutes=29, seconds=50))
    assert await dispatcher.queue_due() == pytest.approx(10)
    schedulers.clock.go(timedelta(seconds=10))
    await dispatcher.queue_due()
    (run,) = await schedulers.runs(made)
    assert (run["trigger"], run["status"], run["due_at"]) == ("schedule", "queued", NOW + HOUR / 2)
    assert await schedulers.next_at(made) == NOW + HOUR / 2 + DAY
    assert await schedulers.missed(made) == []


async def test_an_outage_costs_one_run_and_is_told_of(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    schedulers.clock.go(5 * DAY)
    await schedulers.dispatcher().queue_due()
    (run,) = await schedulers.runs(made)
    assert run["due_at"] == NOW + HOUR / 2 + 4 * DAY
    assert await schedulers.missed(made) == [("downtime", 4)]
    assert await schedulers.next_at(made) == NOW + HOUR / 2 + 5 * DAY


async def test_a_time_that_comes_while_a_run_goes_on_is_missed(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    dispatcher = schedulers.dispatcher()
    for _ in range(3):
        schedulers.clock.go(DAY)
        await dispatcher.queue_due()
    assert len(await schedulers.runs(made)) == 1
    assert await schedulers.missed(made) == [("run_active", 1), ("run_active", 1)]


async def test_a_clock_that_jumps_forward_and_back_leaves_no_gap_and_no_burst(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(Schedule(datetime(2026, 11, 1), "UTC", "FREQ=HOURLY"))  # noqa: DTZ001
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    schedulers.clock.set(NOW + 30 * DAY)
    await dispatcher.queue_due()
    assert await schedulers.finish() == 1
    schedulers.clock.set(NOW)
    schedulers.clock.go(timedelta(minutes=1))
    await dispatcher.queue_due()
    assert await schedulers.runs(made) != []
    assert await schedulers.finish() == 0
    assert await schedulers.next_at(made) == NOW + HOUR
    for _ in range(4):
        schedulers.clock.go(HOUR)
        await dispatcher.queue_due()
        assert await schedulers.finish() == 1


async def test_a_clock_set_back_while_no_scheduler_ran(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    schedulers.clock.go(100 * DAY)
    await schedulers.dispatcher().queue_due()
    schedulers.clock.set(NOW)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    schedulers.clock.go(timedelta(minutes=1))
    await dispatcher.queue_due()
    assert await schedulers.next_at(made) == NOW + HOUR / 2


async def beside_each_other(schedulers: Schedulers, ahead: timedelta, minutes: int, first: str, second: str) -> None:
    """Let two schedulers look each minute: the second one's clock is ahead, and their zone data may differ."""
    clocks = SetClock(NOW), SetClock(NOW + ahead)
    dispatchers = [
        replace(schedulers, clock=clock).dispatcher(zone_data=version)
        for clock, version in zip(clocks, (first, second), strict=True)
    ]
    for _ in range(minutes):
        for clock, dispatcher in zip(clocks, dispatchers, strict=True):
            await dispatcher.queue_due()
            clock.go(timedelta(minutes=1))
        await schedulers.finish()


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_schedulers_whose_clocks_are_apart_run_a_time_once(schedulers: Schedulers, minutes: int) -> None:
    made = await schedulers.new_import(daily())
    await beside_each_other(schedulers, timedelta(minutes=minutes), 60, "1", "1")
    assert [run["due_at"] for run in await schedulers.runs(made)] == [NOW + HOUR / 2]
    assert await schedulers.next_at(made) == NOW + HOUR / 2 + DAY


@pytest.mark.parametrize("first", ["2026.2", "2026.10"])
async def test_older_rules_of_the_zones_do_not_come_back_beside_newer_ones(schedulers: Schedulers, first: str) -> None:
    made = await schedulers.new_import(daily())
    second = "2026.10" if first == "2026.2" else "2026.2"
    one, other = schedulers.dispatcher(zone_data=first), schedulers.dispatcher(zone_data=second)
    for minute in range(5):
        if minute == 2:
            await schedulers.db.execute("UPDATE imports SET next_run_at = next_run_at + interval '1 hour'")
        await one.queue_due()
        await other.queue_due()
        schedulers.clock.go(timedelta(minutes=1))
    assert await schedulers.next_at(made) == NOW + 1.5 * HOUR, "computed anew by nobody"


async def test_times_set_by_older_rules_are_computed_anew_when_their_scheduler_is_gone(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    older, newer = schedulers.dispatcher(zone_data="2026.1"), schedulers.dispatcher(zone_data="2026.2")
    for _ in range(3):
        await newer.queue_due()
        await older.queue_due()
        schedulers.clock.go(timedelta(minutes=1))
    await schedulers.db.execute("UPDATE imports SET next_run_at = next_run_at + interval '1 hour'")
    for _ in range(2):
        await newer.queue_due()
        schedulers.clock.go(timedelta(minutes=1))
    assert await schedulers.next_at(made) == NOW + HOUR / 2


async def test_what_another_transaction_holds_is_not_asked_for_all_the_time(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily(policy=SchedulePolicy(file_by=time(6, 30))))
    schedulers.clock.set(NOW + HOUR)
    async with schedulers.db.transaction():
        await schedulers.db.execute("SELECT FROM imports WHERE id = $1 FOR UPDATE", made)
        dispatcher = schedulers.dispatcher()
        assert await dispatcher.queue_due() > 0
        assert await dispatcher.look_for_late_files() > 0
    assert await schedulers.runs() == []
    await dispatcher.queue_due()
    assert len(await schedulers.runs()) == 1


async def test_a_clock_set_back_before_a_pause_does_not_end_it(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(Schedule(datetime(2026, 11, 1), "UTC", "FREQ=HOURLY"))  # noqa: DTZ001
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    async with schedulers.db.transaction():
        await pause_import(schedulers.db, made, Pause(NOW, None), now=NOW)
    schedulers.clock.set(NOW - 2 * HOUR)
    await dispatcher.queue_due()
    assert await schedulers.next_at(made) is None


async def test_new_rules_of_a_zone_move_what_is_not_due_yet(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    await schedulers.dispatcher(zone_data="1").queue_due()
    await schedulers.db.execute("UPDATE imports SET next_run_at = next_run_at + interval '1 hour'")  # the old rules
    await schedulers.dispatcher(zone_data="1").queue_due()
    assert await schedulers.next_at(made) == NOW + 1.5 * HOUR
    await schedulers.dispatcher(zone_data="2").queue_due()
    assert await schedulers.next_at(made) == NOW + HOUR / 2


@pytest.mark.parametrize("policy", [SchedulePolicy(), SchedulePolicy(spread_minutes=1)])
async def test_a_time_that_new_rules_of_a_zone_move_into_the_past_runs_at_once(
    schedulers: Schedulers, policy: SchedulePolicy
) -> None:
    made = await schedulers.new_import(daily(policy=policy))
    await schedulers.dispatcher(zone_data="1").queue_due()
    await schedulers.db.execute("UPDATE imports SET next_run_at = next_run_at + interval '1 hour'")  # the old rules
    schedulers.clock.go(timedelta(minutes=50))
    await schedulers.dispatcher(zone_data="2").queue_due()
    (run,) = await schedulers.runs(made)
    assert run["due_at"] == NOW + HOUR / 2
    upcoming = await schedulers.next_at(made)
    assert upcoming
    assert NOW + HOUR / 2 + DAY <= upcoming < NOW + HOUR + DAY
    assert await schedulers.missed(made) == []


async def test_what_has_run_is_not_due_again_where_new_rules_of_a_zone_move_it(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily("05:30"))  # half an hour ago
    await schedulers.dispatcher(zone_data="1").queue_due()
    await schedulers.db.execute("UPDATE imports SET next_run_at = next_run_at - interval '1 hour'")  # the old rules
    await schedulers.dispatcher(zone_data="2").queue_due()
    assert await schedulers.runs(made) == []
    assert await schedulers.next_at(made) == NOW - HOUR / 2 + DAY


async def test_what_cannot_be_read_holds_nothing_up(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 1)
    broken = await add_imports(schedulers.db, managers, daily(), now=NOW, due=NOW)
    await schedulers.db.execute("UPDATE imports SET schedule = '{\"rrule\": 1}' WHERE id = $1", broken[0])
    (sound,) = await add_imports(schedulers.db, managers, daily(), now=NOW, due=NOW)
    await schedulers.dispatcher(claims=1).queue_due()
    assert [run["import_id"] for run in await schedulers.runs()] == [sound]
    assert await schedulers.next_at(broken[0]) is None


async def test_a_spread_moves_each_import_by_as_much_each_time(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 1)
    schedule = daily(policy=SchedulePolicy(spread_minutes=30))
    imports = await add_imports(schedulers.db, managers, schedule, now=NOW, count=50)
    first = [await schedulers.next_at(each) for each in imports]
    assert len(set(first)) > 40
    assert all(NOW + HOUR / 2 <= time < NOW + HOUR for time in first if time)
    schedulers.clock.go(HOUR)
    await schedulers.dispatcher().queue_due()
    assert [await schedulers.next_at(each) for each in imports] == [time + DAY for time in first if time]
    assert {run["due_at"] for run in await schedulers.runs()} == {NOW + HOUR / 2}
    assert await schedulers.db.fetchval("SELECT count(*) FROM missed_occurrences") == 0


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("FREQ=DAILY", "2026-11-30T02:30"),
        ("FREQ=WEEKLY;BYDAY=MO,FR", "2026-11-30T06:30"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-30T22:00"),
    ],
)
async def test_three_years_with_an_outage_of_a_day_each_month(schedulers: Schedulers, rule: str, start: str) -> None:
    """Time travel: every due time ran, or was missed and made up for by one run."""
    schedule = Schedule(datetime.fromisoformat(start), "Europe/Berlin", rule)
    made = await schedulers.new_import(schedule)
    dispatcher = schedulers.dispatcher()
    end = NOW + 3 * 365 * DAY
    outages = 0
    while schedulers.clock.now() < end:
        upcoming = await schedulers.next_at(made)
        assert upcoming
        wait = upcoming - schedulers.clock.now()
        due = max(wait, timedelta())
        down_until = _end_of_outage(upcoming)
        if down_until:
            outages += 1
            due = down_until - schedulers.clock.now()
        schedulers.clock.go(due)
        await dispatcher.queue_due()
        await dispatcher.start_queued()
        assert await schedulers.finish() == 1
    await _every_due_time_is_accounted_for(schedulers, schedule)
    assert outages >= (30 if "DAILY" in rule else 1)


def _end_of_outage(due: datetime) -> datetime | None:
    """The scheduler is down for 24 hours at the end of each month."""
    begin = due.replace(day=28, hour=0, minute=0, second=0) + DAY * (due.month != 2)
    end = begin + DAY
    return end if begin <= due < end else None


async def _every_due_time_is_accounted_for(schedulers: Schedulers, schedule: Schedule) -> None:
    last = schedulers.clock.now()
    wanted = set(takewhile(lambda due: due <= last, due_times(schedule, NOW)))
    runs = {run["due_at"] for run in await schedulers.runs()}
    spans = await schedulers.db.fetch("SELECT due_at, last_due_at, occurrences FROM missed_occurrences")
    missed = {due for due in wanted if any(span["due_at"] <= due <= span["last_due_at"] for span in spans)}
    assert runs | missed == wanted
    assert not runs & missed
    assert sum(span["occurrences"] for span in spans) == len(missed)


async def test_pausing_is_not_among_what_an_outage_missed(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(daily())
    await schedulers.db.execute(
        "UPDATE imports SET pause_from = $1, pause_until = $2", NOW + 2 * DAY, datetime(2026, 12, 5, tzinfo=UTC)
    )
    schedulers.clock.go(6 * DAY)
    await schedulers.dispatcher().queue_due()
    (run,) = await schedulers.runs(made)
    assert run["due_at"] == NOW + HOUR / 2 + 5 * DAY
    assert sorted(await schedulers.missed(made)) == [("downtime", 3), ("paused", 2)]
