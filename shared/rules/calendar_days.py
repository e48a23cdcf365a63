"""Which days of a year a recurrence rule means, as ordinals of `date`; computed a year at a time."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from functools import lru_cache
from typing import Final

LAST_DAY: Final = date.max.toordinal()
_EMPTY_YEARS: Final = 400
"""After so many years in a row without a day there is none: the calendar repeats itself."""


@dataclass(frozen=True, slots=True)
class DayPattern:
    """What a day has to fulfil, all of it; an empty tuple asks for nothing. `monthly`: ordinals count in the month."""

    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    week_start: int = 0
    monthly: bool = True

    @property
    def every_day(self) -> bool:
        """Tell whether all days fulfil it."""
        return not (self.months or self.weeks or self.year_days or self.month_days or self.weekdays)


def weekday_of(ordinal: int) -> int:
    """Return a day's weekday, from Monday, 0."""
    return (ordinal + 6) % 7


def month_start(index: int) -> int:
    """Return the first day of a month, counted from the first of year 0; past the end of time, the day after it."""
    year, month = divmod(index, 12)
    return date(year, month + 1, 1).toordinal() if year <= MAXYEAR else LAST_DAY + 1


@lru_cache(maxsize=2048)
def days_of_year(pattern: DayPattern, year: int) -> Sequence[int]:
    """Return the days of a year that fulfil the pattern, in order."""
    first = month_start(year * 12)
    last = month_start(year * 12 + 12) - 1
    if pattern.every_day:
        return range(first, last + 1)
    spans = [(month_start(year * 12 + month - 1), month_start(year * 12 + month) - 1) for month in range(1, 13)]
    found: set[int] | None = None
    for days in _sets(pattern, year, spans):
        found = set(days) if found is None else found.intersection(days)
    return sorted(day for day in found or () if first <= day <= last)


def days_between(pattern: DayPattern, low: int, high: int) -> list[int]:
    """Return the days from `low` to before `high` that fulfil the pattern."""
    high = min(high, LAST_DAY + 1)
    if low >= high:
        return []
    found: list[int] = []
    for year in range(date.fromordinal(low).year, date.fromordinal(high - 1).year + 1):
        days = days_of_year(pattern, year)
        found += days[bisect_left(days, low) : bisect_left(days, high)]
    return found


def day_from(pattern: DayPattern, ordinal: int) -> int | None:
    """Return the first day that fulfils the pattern, at or after one; None where there is none."""
    if ordinal > LAST_DAY or pattern.every_day:
        return ordinal if ordinal <= LAST_DAY else None
    year = date.fromordinal(ordinal).year
    for each in range(year, min(year + _EMPTY_YEARS, MAXYEAR) + 1):
        days = days_of_year(pattern, each)
        place = bisect_left(days, ordinal)
        if place < len(days):
            return days[place]
    return None


def _sets(pattern: DayPattern, year: int, spans: list[tuple[int, int]]) -> Iterator[Iterable[int]]:
    whole = (spans[0][0], spans[-1][1])
    if pattern.year_days:
        yield [day for number in pattern.year_days for day in _numbered(number, *whole)]
    if pattern.weeks:
        yield _days_of_weeks(pattern, year)
    chosen = [spans[month - 1] for month in pattern.months] or spans
    if pattern.month_days:
        yield [day for low, high in chosen for number in pattern.month_days for day in _numbered(number, low, high)]
    if pattern.weekdays:
        in_months = pattern.monthly or pattern.months
        yield [
            day
            for low, high in (chosen if in_months else [whole])
            for ordinal, weekday in pattern.weekdays
            for day in _days_named(ordinal, weekday, low, high)
        ]
    if pattern.months:
        yield [day for low, high in chosen for day in range(low, high + 1)]


def _numbered(number: int, low: int, high: int) -> tuple[int, ...]:
    """Return the day of that number in a span, from its end where negative; nothing where the span is too short."""
    day = low + number - 1 if number > 0 else high + number + 1
    return (day,) if low <= day <= high else ()


def _days_named(ordinal: int, weekday: int, low: int, high: int) -> Sequence[int]:
    first = low + (weekday - weekday_of(low)) % 7
    if not ordinal:
        return range(first, high + 1, 7)
    last = high - (weekday_of(high) - weekday) % 7
    day = first + 7 * (ordinal - 1) if ordinal > 0 else last + 7 * (ordinal + 1)
    return (day,) if low <= day <= high else ()


def _days_of_weeks(pattern: DayPattern, year: int) -> list[int]:
    """Return the days of numbered weeks; one belongs to the year that has at least four of its days."""
    days: list[int] = []
    for week_year in (year - 1, year, year + 1):
        start = _first_week(week_year, pattern.week_start)
        total = (_first_week(week_year + 1, pattern.week_start) - start) // 7
        for number in pattern.weeks:
            place = number if number > 0 else total + 1 + number
            if 1 <= place <= total:
                days += range(start + 7 * (place - 1), start + 7 * place)
    return days


def _first_week(year: int, week_start: int) -> int:
    fourth = month_start(max(year, 1) * 12) + 3
    return fourth - (weekday_of(fourth) - week_start) % 7
