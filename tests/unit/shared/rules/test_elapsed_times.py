"""Hourly and shorter rules that are seldom due: years ahead, across clock changes, as by a walk over all steps."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from shared.rules.clock_changes import end_of, shift_at, shifts_of, steady_until
from shared.rules.recurrence import Schedule, next_occurrence
from shared.rules.recurrence_rule import WEEKDAYS
from shared.rules.steps_into_parts import StepsIntoParts, joined

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ZONES = (
    *("Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Antarctica/Troll", "Asia/Gaza", "UTC"),
)
STEPS = (433, 721, 1439, 1441, 1447, 2881, 4321, 5040, 10079, 10081)


def walked(start: datetime, zone: ZoneInfo, minutes: int, limits: dict[str, int], years: int) -> datetime | None:
    step = timedelta(minutes=minutes)
    first = start.replace(tzinfo=zone).astimezone(UTC)
    due = first + ((NOW - first) // step + 1) * step
    while due < NOW + timedelta(days=366 * years):
        wall = due.astimezone(zone)
        shown = {"BYHOUR": wall.hour, "BYMINUTE": wall.minute, "BYDAY": wall.weekday(), "BYMONTHDAY": wall.day}
        if all(shown[name] == value for name, value in limits.items()):
            return due
        due += step
    return None


@pytest.mark.parametrize("zone", ZONES)
def test_equals_a_walk_over_decades(zone: str, seed: int) -> None:
    source, found = Random(f"{seed} {zone}"), 0
    for _ in range(12):
        limits = {"BYHOUR": source.randrange(24)}
        limits |= {"BYMINUTE": source.randrange(60)} if source.random() < 0.5 else {}
        limits |= {"BYDAY": source.randrange(7)} if source.random() < 0.7 else {"BYMONTHDAY": source.randint(1, 28)}
        start = datetime(2001, 1, 1, 6) + timedelta(minutes=source.randrange(1_000_000))  # noqa: DTZ001 - wall clock
        minutes = source.choice(STEPS)
        parts = [f"{name}={WEEKDAYS[value] if name == 'BYDAY' else value}" for name, value in limits.items()]
        rule = ";".join([f"FREQ=MINUTELY;INTERVAL={minutes}", *parts])
        due = next_occurrence(Schedule(start, zone, rule), NOW)
        assert due == walked(start, ZoneInfo(zone), minutes, limits, 35) or (due and due.year > 2060), (rule, start)
        found += due is not None
    assert found


def test_what_has_a_due_time_under_one_offset_only_is_found_however_seldom_clocks_have_it() -> None:
    # In winter 06:30 is 06:30, in summer 07:30; and the 26th of March is summer time where it is a Sunday.
    start = datetime(2026, 1, 1, 6, 30)  # noqa: DTZ001 - wall clock
    rule = "FREQ=HOURLY;INTERVAL=24;BYHOUR=7;BYMONTH=3;BYMONTHDAY=26;BYDAY=SU"
    due = next_occurrence(Schedule(start, "Europe/Berlin", rule), NOW)
    assert due == datetime(2028, 3, 26, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("most", [4, 40])
def test_steps_equal_those_that_are_taken(most: int, seed: int) -> None:
    source = Random(seed)
    for _ in range(200):
        cycle = source.choice((1440, 10080)) * 60
        starts = sorted(source.sample(range(cycle // 3600), source.randint(1, most if cycle > 86_400 else 4)))
        length = source.choice((60, 3600))
        parts = joined((start * 3600, start * 3600 + length) for start in starts)
        step, time = source.randint(1, 20_000) * 60, source.randrange(10**9)
        steps = StepsIntoParts(step, cycle, parts)
        within = (n for n in range(10_081) if any(low <= (time + n * step) % cycle < high for low, high in parts))
        wanted = next(within, None)
        assert steps.into(time) == wanted, (step, cycle, parts, time)
        assert steps.is_within(time) == (wanted == 0)


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Cairo", "America/Toronto", "Africa/Tunis"])
def test_a_clock_keeps_its_shift_for_as_long_as_is_said(zone: str, seed: int) -> None:
    source, clock = Random(seed), ZoneInfo(zone)
    for _ in range(100):
        year = source.randint(1900, 2100)
        second = source.randrange(end_of(year - 1), end_of(year))
        end, shift = steady_until(second, clock), shift_at(second, clock)
        assert shift in shifts_of(year, clock)
        assert end > second
        assert all(shift_at(each, clock) == shift for each in [*range(second, end, 43_200), end - 1])


def test_clock_changes_are_met_to_the_second() -> None:
    change = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp())
    berlin = ZoneInfo("Europe/Berlin")
    assert steady_until(change - 1, berlin) == steady_until(change - 3600, berlin) == change
    assert steady_until(change, berlin) > change + 86_400
