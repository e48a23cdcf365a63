from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from shared.errors import UserError
from shared.rules.changed_schedule import carried_over
from shared.rules.due import Pause, delay_of, due_between, next_due, next_file_due, open_from, pause_of, upcoming_due
from shared.rules.recurrence import Schedule, due_times, validate
from shared.rules.schedule_policy import SchedulePolicy, validate_policy

ID = UUID(int=1000)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SIX = timedelta(hours=6)
DAILY = Schedule(datetime(2026, 1, 1, 6), "UTC", "FREQ=DAILY")  # noqa: DTZ001 - wall clock


def with_policy(policy: SchedulePolicy, rrule: str = "FREQ=DAILY", zone: str = "UTC") -> Schedule:
    return Schedule(DAILY.start, zone, rrule, policy=policy)


def test_a_pause_without_an_end_leaves_nothing_due_after_its_begin() -> None:
    assert next_due(DAILY, ID, NOW, Pause(NOW, None)) is None
    assert upcoming_due(DAILY, ID, NOW, Pause(NOW + 2 * DAY, None)) == [NOW + SIX, NOW + SIX + DAY]


def test_what_is_due_at_the_end_of_a_pause_is_due() -> None:
    assert next_due(DAILY, ID, NOW, Pause(NOW, NOW + SIX)) == NOW + SIX
    assert next_due(DAILY, ID, NOW, Pause(NOW + SIX, NOW + SIX + DAY)) == NOW + SIX + DAY
    assert next_due(DAILY, ID, NOW, Pause(NOW - 2 * DAY, NOW)) == NOW + SIX


def test_a_spread_is_the_imports_own_and_never_skips() -> None:
    schedule = with_policy(SchedulePolicy(spread_minutes=10))
    delay = delay_of(schedule, ID)
    assert delay == timedelta(seconds=1000 % 600)
    assert next_due(schedule, ID, NOW) == NOW + SIX + delay
    assert next_due(schedule, ID, NOW + SIX) == NOW + SIX + delay, "its time has passed, its turn has not"
    assert next_due(schedule, ID, NOW + SIX + delay) == NOW + SIX + delay + DAY


FIFTY = UUID(int=3000)
"""An import whose runs begin 50 minutes after their times, by a spread of an hour."""
NINE = NOW + timedelta(hours=9)
SPREAD = with_policy(SchedulePolicy(spread_minutes=60), "FREQ=HOURLY")
AT_ONCE = with_policy(SchedulePolicy(), "FREQ=HOURLY")


def test_what_has_run_before_a_spread_was_put_on_is_not_open_again() -> None:
    at = NINE + timedelta(minutes=10)
    moved = carried_over(AT_ONCE, SPREAD, FIFTY, NINE + timedelta(hours=1), now=at, pause=None)
    assert moved == NINE + timedelta(hours=1, minutes=50)
    later = at + timedelta(minutes=10)
    assert next_due(SPREAD, FIFTY, later) == NINE + timedelta(minutes=50), "as if it waited in the spread"
    assert next_due(SPREAD, FIFTY, open_from(SPREAD, FIFTY, later, moved, None)) == moved


def test_what_waits_in_its_spread_is_open() -> None:
    awaited = NINE + timedelta(minutes=50)
    assert open_from(SPREAD, FIFTY, NINE + timedelta(minutes=10), awaited, None) == NINE + timedelta(minutes=10)


def test_what_new_rules_of_a_zone_have_moved_is_open() -> None:
    daily = with_policy(SchedulePolicy(spread_minutes=60))
    now = NOW + timedelta(hours=6, minutes=30)
    before = NOW + timedelta(hours=7, minutes=50)  # as by rules by which it was due at 7:00
    assert open_from(daily, FIFTY, now, before, None) == now


def test_what_only_a_spread_had_put_into_a_coming_pause_runs_once_that_is_taken_off() -> None:
    now = NINE - timedelta(minutes=8)
    pause = Pause(NINE + timedelta(minutes=30), NINE + timedelta(hours=3))
    awaited = next_due(SPREAD, FIFTY, NINE - timedelta(minutes=9), pause)
    assert awaited == NINE + timedelta(hours=3, minutes=50)
    assert carried_over(SPREAD, AT_ONCE, FIFTY, awaited, now=now, pause=pause) == NINE


def test_due_times_between_two_moments() -> None:
    assert due_between(DAILY, NOW + SIX, NOW + SIX + DAY) == [NOW + SIX]


def test_a_file_is_wanted_on_days_with_a_due_time_by_the_zones_clock() -> None:
    schedule = with_policy(SchedulePolicy(file_by=time(9)), "FREQ=WEEKLY;BYDAY=FR", "Europe/Berlin")
    friday = datetime(2026, 12, 4, 8, tzinfo=UTC)
    assert next_file_due(schedule, NOW) == friday
    assert next_file_due(schedule, friday - timedelta(minutes=1)) == friday
    assert next_file_due(schedule, friday) == friday + 7 * DAY
    assert next_file_due(schedule, NOW, Pause(NOW, friday + DAY)) == friday + 7 * DAY
    assert next_file_due(DAILY, NOW) is None


def test_a_file_is_wanted_once_a_day_however_often_the_schedule_looks() -> None:
    schedule = with_policy(SchedulePolicy(file_by=time(9)), "FREQ=MINUTELY;INTERVAL=5")
    assert next_file_due(schedule, NOW + timedelta(hours=9)) == NOW + DAY + timedelta(hours=9)


def test_a_file_is_wanted_again_after_a_pause_however_often_the_schedule_looks() -> None:
    schedule = with_policy(SchedulePolicy(file_by=time(9)), "FREQ=HOURLY")
    nine = timedelta(hours=9)
    assert next_file_due(schedule, NOW, Pause(NOW, NOW + 20 * DAY + SIX)) == NOW + 20 * DAY + nine
    assert next_file_due(schedule, NOW, Pause(NOW, NOW + 400 * DAY + 2 * SIX)) == NOW + 401 * DAY + nine
    assert next_file_due(schedule, NOW, Pause(NOW + 2 * DAY, None)) == NOW + nine
    assert next_file_due(schedule, NOW + nine + DAY, Pause(NOW + 2 * DAY, None)) is None


def test_a_file_is_not_wanted_where_a_pause_kept_all_from_looking_for_it() -> None:
    schedule = with_policy(SchedulePolicy(file_by=time(9)))
    nine = NOW + timedelta(hours=9)
    assert next_file_due(schedule, NOW, Pause(NOW + timedelta(hours=5), NOW + timedelta(hours=7))) == nine + DAY
    assert next_file_due(schedule, NOW, Pause(NOW + timedelta(hours=7), NOW + timedelta(hours=8))) == nine
    hourly = with_policy(SchedulePolicy(file_by=time(9)), "FREQ=HOURLY")
    assert next_file_due(hourly, NOW, Pause(NOW + timedelta(hours=5), NOW + timedelta(hours=7))) == nine


def test_a_file_is_not_wanted_before_the_days_first_due_time() -> None:
    every_seven_hours = with_policy(SchedulePolicy(file_by=time(3)), "FREQ=HOURLY;INTERVAL=7")  # 06:00 on 1 January
    due = next_file_due(every_seven_hours, NOW)
    assert due is not None
    assert 0 <= next(due_times(every_seven_hours, due.replace(hour=0) - timedelta(seconds=1))).hour <= 3


@pytest.mark.parametrize("rrule", ["FREQ=DAILY", None, "FREQ=HOURLY;BYHOUR=8,9"])
def test_a_file_wanted_before_anything_looks_for_it_is_refused(rrule: str | None) -> None:
    with pytest.raises(UserError) as caught:
        validate(Schedule(DAILY.start, "UTC", rrule, policy=SchedulePolicy(file_by=time(5, 59))))
    assert (caught.value.code, caught.value.field) == ("schedule_policy", "schedule.file_by")
    validate(Schedule(DAILY.start, "UTC", rrule, policy=SchedulePolicy(file_by=time(8))))


def test_a_pause_is_given_by_the_wall_clock() -> None:
    berlin = Schedule(DAILY.start, "Europe/Berlin", "FREQ=DAILY")
    pause = pause_of(berlin, datetime(2026, 12, 24), datetime(2027, 1, 6, 23, 59, 59), now=NOW)  # noqa: DTZ001
    assert pause == Pause(datetime(2026, 12, 23, 23, tzinfo=UTC), datetime(2027, 1, 6, 22, 59, 59, tzinfo=UTC))
    assert pause_of(berlin, None, None, now=NOW) == Pause(NOW, None)
    today = pause_of(berlin, datetime(2026, 12, 1), None, now=NOW + SIX)  # noqa: DTZ001
    assert today.begins == NOW + SIX, "what ran this morning was not paused"
    new_york = Schedule(DAILY.start, "America/New_York", "FREQ=DAILY")
    pause = pause_of(new_york, None, datetime(9999, 12, 31, 23, 59, 59), now=NOW)  # noqa: DTZ001
    assert next_due(new_york, ID, NOW, pause) is None


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        (datetime(2027, 1, 2), datetime(2027, 1, 1), "pause_range"),  # noqa: DTZ001
        (datetime(2026, 11, 1), datetime(2026, 11, 2), "pause_range"),  # noqa: DTZ001
        (NOW, None, "schedule_not_wall_clock"),
        (None, NOW + DAY, "schedule_not_wall_clock"),
    ],
)
def test_pauses_that_make_no_sense(begins: datetime | None, ends: datetime | None, code: str) -> None:
    with pytest.raises(UserError) as caught:
        pause_of(DAILY, begins, ends, now=NOW)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "policy",
    [
        SchedulePolicy(spread_minutes=61),
        SchedulePolicy(spread_minutes=-1),
        SchedulePolicy(retry_minutes=0),
        SchedulePolicy(retries=0),
        SchedulePolicy(pause_after_failures=101),
        SchedulePolicy(file_by=time(9, tzinfo=UTC)),
    ],
)
def test_policies_that_make_no_sense(policy: SchedulePolicy) -> None:
    with pytest.raises(UserError):
        validate_policy(policy)


def test_a_pause_takes_what_would_begin_in_it_and_leaves_what_begins_after_it() -> None:
    """Due every five minutes, and begun 40 minutes later; a pause of ten minutes takes two times of each kind."""
    import_id = UUID(int=40 * 60)
    often = Schedule(datetime(2026, 11, 1), "UTC", "FREQ=MINUTELY;INTERVAL=5", policy=SchedulePolicy(spread_minutes=60))  # noqa: DTZ001
    begins = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    pause = Pause(begins, begins + timedelta(minutes=10))
    first = begins - timedelta(minutes=10)
    due = upcoming_due(often, import_id, first, pause, limit=16)
    minutes = [round((each - first) / timedelta(minutes=1)) for each in due]
    assert minutes == [5, *range(20, 50, 5), *range(60, 105, 5)]
