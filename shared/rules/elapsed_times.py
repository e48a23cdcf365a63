"""The due times of hourly and shorter rules: so much time apart as really passes, whatever clocks do.

Steps, and minutes that the rule names within an hour, are counted by a clock that stays at the zone's offset of the
start. What only limits (months, days, hours, and minutes of FREQ=MINUTELY) is asked of the wall clock.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from shared.rules.calendar_days import LAST_DAY, DayPattern, day_from
from shared.rules.recurrence_rule import RecurrenceRule, chosen_at
from shared.rules.wall_clock import instant_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_DAY: Final = 86_400
_FAR: Final = 2 * _DAY
_MOST_STEPS: Final = 1_000
"""After so many steps in a row without a due time the rule counts as finished."""


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
    windows: tuple[tuple[int, int], ...]
    """The parts of a day, first and end, in which the wall clock has to be; empty: anywhere."""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Return all due times after a moment (exclusive), in order, in UTC."""
        if not self.offsets:
            return
        passed = (moment - _EPOCH - timedelta(microseconds=self.microsecond)) // timedelta(seconds=1)
        second, tried = self._next(max(passed + 1, self.start)), 0
        try:
            while tried <= _MOST_STEPS:
                ahead = self._seconds_to_wait(second)
                if ahead == 0:
                    yield _EPOCH + timedelta(seconds=second, microseconds=self.microsecond)
                    second, tried = self._next(second + 1), 0
                elif ahead is None:
                    return
                else:
                    second, tried = self._next(self._skipped_to(second, ahead)), tried + 1
        except OverflowError:  # past the year 9999
            return

    def _next(self, second: int) -> int:
        """Return the first due time at or after one, limits left aside."""
        number, within = divmod(second - self.base, self.step)
        for offset in self.offsets:
            if offset >= within:
                return self.base + number * self.step + offset
        return self.base + (number + 1) * self.step + self.offsets[0]

    def _shift(self, second: int) -> int:
        """Return how far the wall clock is from UTC."""
        shift = (_EPOCH + timedelta(seconds=second)).astimezone(self.zone).utcoffset()
        return int(shift.total_seconds()) if shift else 0

    def _seconds_to_wait(self, second: int) -> int | None:
        """Return 0 within the limits, else how far the wall clock has to go to be; None: never again."""
        if self.days.every_day and not self.windows:
            return 0
        day, time = divmod(second + self._shift(second), _DAY)
        day += _EPOCH_DAY
        fitting = day_from(self.days, day)
        if fitting == day and self.windows:
            place = bisect_right(self.windows, time, key=lambda window: window[0]) - 1
            if place >= 0 and time < self.windows[place][1]:
                return 0
            if place + 1 < len(self.windows):
                return self.windows[place + 1][0] - time
            fitting = day_from(self.days, day + 1)
        elif fitting == day:
            return 0
        if fitting is None or fitting >= LAST_DAY:
            return None
        return (fitting - day) * _DAY - time + (self.windows[0][0] if self.windows else 0)

    def _skipped_to(self, second: int, ahead: int) -> int:
        """Return the instant so far ahead by the wall clock, or the clock change before it, to be looked at again."""
        if ahead > 2 * _FAR:
            return second + ahead - _FAR
        shift, low, high = self._shift(second), second, second + ahead
        if self._shift(high) == shift:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._shift(middle) == shift else (low, middle)
        return high


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
    return ElapsedTimes(
        zone,
        first,
        begins.microsecond,
        first - shown.second - (shown.minute * 60 if hourly else 0),
        rule.interval * (3600 if hourly else 60),
        tuple(offsets),
        DayPattern(rule.months, (), rule.year_days, rule.month_days, rule.weekdays),
        _windows(rule.hours, () if hourly else rule.minutes),
    )


@lru_cache(maxsize=256)
def _windows(hours: tuple[int, ...], minutes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    if not minutes:
        return tuple((hour * 3600, hour * 3600 + 3600) for hour in hours)
    starts = [hour * 3600 + minute * 60 for hour in hours or range(24) for minute in minutes]
    return tuple((start, start + 60) for start in sorted(starts))
