"""The due times of hourly and shorter rules: so much time apart as really passes, whatever clocks do.

Steps, and minutes that the rule names within an hour, are counted by a clock that stays at the zone's offset of the
start. What only limits (months, days, hours, and minutes of FREQ=MINUTELY) is asked of the wall clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from sys import maxsize
from typing import Final
from zoneinfo import ZoneInfo

from shared.rules.calendar_days import DayPattern, day_from
from shared.rules.clock_changes import end_of, shift_at, shifts_of, steady_until, year_of
from shared.rules.recurrence_rule import RecurrenceRule, chosen_at
from shared.rules.steps_into_parts import Parts, StepsIntoParts, joined
from shared.rules.wall_clock import instant_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_SINCE_MONDAY: Final = 3 * _DAY
"""What had passed of the week when 1970 began."""
_MOST_TRIES: Final = 200
"""A rule has ended after so many steps in a row that come to a time that fits, but not to a day, or so many years."""
SEARCHED_STEPS_YEARS: Final = 40
_SEARCHED: Final = SEARCHED_STEPS_YEARS * 366 * _DAY
_NEVER: Final = maxsize


@dataclass(frozen=True, slots=True)
class ElapsedTimes:
    """An hourly or shorter rule with its start; all numbers are seconds, of instants since 1970."""

    zone: ZoneInfo
    start: int
    microsecond: int
    base: int
    """Where the first step begins: the start's full hour or minute."""
    step: int
    offsets: tuple[int, ...]
    """The due times within a step."""
    days: DayPattern
    windows: Parts
    """The parts of a day in which the wall clock has to be; empty: anywhere."""
    limits: StepsIntoParts | None
    """Those parts by steps; of a week that begins on Monday, where the rule names weekdays."""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Return all due times after a moment (exclusive), in order, in UTC."""
        if not self.offsets:
            return
        passed = (moment - _EPOCH - timedelta(microseconds=self.microsecond)) // timedelta(seconds=1)
        second = max(passed + 1, self.start)
        try:
            while (due := self._fitting(second)) is not None:
                yield _EPOCH + timedelta(seconds=due, microseconds=self.microsecond)
                second = due + 1
        except OverflowError:  # past the year 9999
            return

    def _fitting(self, second: int) -> int | None:
        """Return the first due time within the limits, at or after one; None where none is found.

        For each shift of a year, the first due time is computed as if the clock always had that shift; the first of
        these at which the clock does have it is due. So one that lies years ahead is found without all changes between.
        """
        if self.days.every_day and self.limits is None:
            return self._next(second)
        last, tries = second + _SEARCHED, iter(range(_MOST_TRIES))
        found: dict[int, int] = {}
        while second <= last:
            year = year_of(second)
            shifts, end = shifts_of(year, self.zone), end_of(year)
            for shift in shifts:
                if shift not in found or found[shift] < second:
                    found[shift] = self._under(shift, second, last, tries)
            while (due := found[shift := min(shifts, key=found.__getitem__)]) < end:
                if shift_at(due, self.zone) == shift:
                    return due
                found[shift] = self._under(shift, steady_until(due, self.zone), last, tries)
            second = end
        return None

    def _under(self, shift: int, second: int, last: int, tries: Iterator[int]) -> int:
        """Return the first due time, at or after one, if the clock always had this shift."""
        due: int | None = self._next(second)
        for _ in tries:
            if self.limits is not None and due is not None:
                due = self._stepped_into(self.limits, due, shift + _SINCE_MONDAY)
            if due is None or due > last:
                break
            day = (due + shift) // _DAY + _EPOCH_DAY
            fitting = day_from(self.days, day)
            if fitting == day:
                return due
            if fitting is None:
                break
            due = self._next((fitting - _EPOCH_DAY) * _DAY - shift)
        return _NEVER

    def _next(self, second: int) -> int:
        """Return the first due time at or after one, limits left aside."""
        number, within = divmod(second - self.base, self.step)
        for offset in self.offsets:
            if offset >= within:
                return self.base + number * self.step + offset
        return self.base + (number + 1) * self.step + self.offsets[0]

    def _stepped_into(self, limits: StepsIntoParts, second: int, shift: int) -> int | None:
        """Return the first due time, at or after one, at which the shifted clock is within the limits."""
        if limits.is_within(second + shift):
            return second
        begin = second - (second - self.base) % self.step
        soonest = None
        for offset in self.offsets:
            due = begin + offset + (self.step if begin + offset < second else 0)
            steps = limits.into(due + shift)
            if steps is not None and (soonest is None or due + steps * self.step < soonest):
                soonest = due + steps * self.step
        return soonest


def elapsed_times(rule: RecurrenceRule, start: datetime, zone: ZoneInfo) -> ElapsedTimes:
    """Return the due times of an hourly or shorter rule from a start (naive, the wall clock of a zone)."""
    begins = instant_of(start, zone)
    shown = begins.astimezone(zone)
    seconds = rule.seconds or (shown.second,)
    hourly = rule.frequency == "HOURLY"
    if hourly:
        offsets = sorted(minute * 60 + second for minute in rule.minutes or (shown.minute,) for second in seconds)
    else:
        offsets = sorted(seconds)
    if rule.positions:
        offsets = chosen_at(rule.positions, offsets)
    first = (begins - _EPOCH) // timedelta(seconds=1)
    step = rule.interval * (3600 if hourly else 60)
    windows = _windows(rule.hours, () if hourly else rule.minutes)
    cycle, parts = (_WEEK, _parts_of_week(rule.weekdays, windows)) if rule.weekdays else (_DAY, windows)
    return ElapsedTimes(
        zone,
        first,
        begins.microsecond,
        first - shown.second - (shown.minute * 60 if hourly else 0),
        step,
        tuple(offsets),
        _days_of(rule),
        windows,
        StepsIntoParts(step, cycle, parts) if parts else None,
    )


def _days_of(rule: RecurrenceRule) -> DayPattern:
    """Return the days that a rule names; weekdays alone are left to the parts of a week."""
    days = DayPattern(rule.months, (), rule.year_days, rule.month_days, monthly=False)
    return days if days.every_day else replace(days, weekdays=rule.weekdays)


@lru_cache(maxsize=256)
def _windows(hours: tuple[int, ...], minutes: tuple[int, ...]) -> Parts:
    starts = [hour * 3600 + minute * 60 for hour in hours or range(24) for minute in minutes or (0,)]
    length = 60 if minutes else 3600
    return joined((start, start + length) for start in (starts if hours or minutes else ()))


@lru_cache(maxsize=256)
def _parts_of_week(weekdays: tuple[tuple[int, int], ...], windows: Parts) -> Parts:
    begins = [weekday * _DAY for _, weekday in weekdays]
    if not windows:
        return joined((begin, begin + _DAY) for begin in begins)
    return tuple([(begin + low, begin + high) for begin in begins for low, high in windows])
