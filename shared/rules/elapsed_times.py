"""The due times of hourly and shorter rules: so much time apart as really passes, whatever clocks do.

Steps, and minutes that the rule names within an hour, are counted by a clock that stays at the zone's offset of the
start. What only limits (months, days, hours, and minutes of FREQ=MINUTELY) is asked of the wall clock.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import gcd
from typing import Final
from zoneinfo import ZoneInfo

from shared.rules.calendar_days import LAST_DAY, SEARCHED_YEARS, DayPattern, day_from
from shared.rules.clock_changes import shift_at, steady_until
from shared.rules.recurrence_rule import RecurrenceRule, chosen_at
from shared.rules.wall_clock import instant_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_DAY: Final = 86_400
_MOST_YEARS: Final = 11
"""After so many calendar years that have a day for it, but no due time, a rule has ended; or after `SEARCHED_YEARS`."""
_SEARCHED: Final = SEARCHED_YEARS * 366 * _DAY


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
        second = self._next(max(passed + 1, self.start))
        try:
            while (due := self._fitting(second)) is not None:
                yield _EPOCH + timedelta(seconds=due, microseconds=self.microsecond)
                second = self._next(due + 1)
        except OverflowError:  # past the year 9999
            return

    def _fitting(self, second: int) -> int | None:
        """Return the first due time within the limits, at or after one; None where none is found."""
        if self.days.every_day and not self.windows:
            return second
        last = second + _SEARCHED
        years: set[int] = set()
        while second <= last and len(years) <= _MOST_YEARS:
            shift = shift_at(second, self.zone)
            day, time = divmod(second + shift, _DAY)
            day += _EPOCH_DAY
            fitting = day_from(self.days, day)
            if fitting is None or fitting >= LAST_DAY:
                return None
            if fitting > day:
                second = self._next(self._begin_of(fitting, second))
            elif not self.windows or self._in_window(time):
                return second
            else:
                second = self._when_in_window(second, shift)
            years.add(date.fromordinal(fitting).year)
        return None

    def _next(self, second: int) -> int:
        """Return the first due time at or after one, limits left aside."""
        number, within = divmod(second - self.base, self.step)
        for offset in self.offsets:
            if offset >= within:
                return self.base + number * self.step + offset
        return self.base + (number + 1) * self.step + self.offsets[0]

    def _in_window(self, time: int) -> bool:
        place = bisect_right(self.windows, (time, _DAY)) - 1
        return place >= 0 and time < self.windows[place][1]

    def _when_in_window(self, second: int, shift: int) -> int:
        """Return the first due time after one at which the wall clock is in a window, or the first after it changes."""
        change = steady_until(second, self.zone)
        begin, _ = divmod(second - self.base, self.step)
        soonest = change
        for offset in self.offsets:
            due = self.base + begin * self.step + offset
            steps = _steps_into(self.windows, self.step, (due + shift) % _DAY, first=1 if due <= second else 0)
            if steps is not None:
                soonest = min(soonest, due + steps * self.step)
        return soonest if soonest < change else self._next(change)

    def _begin_of(self, day: int, second: int) -> int:
        """Return the instant after one at which the wall clock first shows a later day, or the one behind it."""
        midnight = datetime.fromordinal(day)
        first = self._instant_of(midnight)
        # A clock set back over midnight shows it twice.
        return first if first > second else self._instant_of(midnight.replace(fold=1))

    def _instant_of(self, wall: datetime) -> int:
        offset = self.zone.utcoffset(wall) or timedelta()
        return (wall.toordinal() - _EPOCH_DAY) * _DAY - offset.days * _DAY - offset.seconds


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


def _steps_into(windows: tuple[tuple[int, int], ...], step: int, time: int, *, first: int) -> int | None:
    """Return how many steps, at least `first`, lead from a time of day into a window; None: no number of them."""
    length, round_trip, back = _round_of(step)
    place = time // length * back % round_trip
    within = _places_within(windows, step, time % length)
    if not within:
        return None
    at = bisect_left(within, (place + first) % round_trip)
    found = within[at] if at < len(within) else within[0] + round_trip
    return first + (found - (place + first) % round_trip)


@lru_cache(maxsize=1024)
def _round_of(step: int) -> tuple[int, int, int]:
    """Return how far apart the times of day are that steps come to, how many they are, and the inverse of a step."""
    length = gcd(step, _DAY)
    round_trip = _DAY // length
    return length, round_trip, pow(step // length, -1, round_trip)


@lru_cache(maxsize=1024)
def _places_within(windows: tuple[tuple[int, int], ...], step: int, least: int) -> list[int]:
    """Return which steps, counted from the least time of day that they come to, lead into a window; in order.

    Steps come to each of these times once before they begin again: one in `gcd(step, _DAY)` seconds.
    """
    length, round_trip, back = _round_of(step)
    return sorted(
        time // length * back % round_trip
        for low, high in windows
        for time in range(low + (least - low) % length, high, length)
    )


@lru_cache(maxsize=256)
def _windows(hours: tuple[int, ...], minutes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return the named parts of a day, those that follow each other as one."""
    starts = [hour * 3600 + minute * 60 for hour in hours or range(24) for minute in minutes or (0,)]
    length = 60 if minutes else 3600
    found: list[tuple[int, int]] = []
    for start in sorted(starts if hours or minutes else ()):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], start + length)
        else:
            found.append((start, start + length))
    return tuple(found)
