"""Which days of a year a recurrence rule means, as ordinals of `date`; computed once for each kind of year."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date
from functools import lru_cache
from itertools import pairwise
from typing import Final

LAST_DAY: Final = date.max.toordinal()
_CYCLE: Final = 400
"""Years after which the calendar repeats itself, weekdays too."""
_CYCLE_START: Final = 1600
SEARCHED_YEARS: Final = 100
"""A rule that is due on no day of so many years has ended; 29 February on a Sunday is at most 40 years away."""


@dataclass(frozen=True, slots=True)
class DayPattern:
    """What a day has to fulfil, all of it; an empty tuple asks for nothing.

    `monthly`: ordinals count in the month. `followed`: the next day has to fulfil the rest, too.
    """

    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    week_start: int = 0
    monthly: bool = True
    followed: bool = False

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


def _examples(*, weekdays: bool, weeks: bool) -> Sequence[int]:
    """Return for each year of the cycle the first one that has the same days.

    That is one that is as long; with weekdays one that begins with the same, too, and weeks depend on how long the
    years beside it are.
    """
    firsts = [month_start(year * 12) for year in range(_CYCLE_START - 1, _CYCLE_START + _CYCLE + 2)]
    lengths = [later - earlier for earlier, later in pairwise(firsts)]
    found: dict[tuple[int, Sequence[int]], int] = {}
    return [
        found.setdefault(
            (
                weekday_of(firsts[number + 1]) if weekdays or weeks else 0,
                tuple(lengths[number : number + 3] if weeks else lengths[number + 1 :][:1]),
            ),
            _CYCLE_START + number,
        )
        for number in range(_CYCLE)
    ]


_KINDS: Final = {
    (weekdays, weeks): _examples(weekdays=weekdays, weeks=weeks)
    for weekdays in (False, True)
    for weeks in (False, True)
}


def _examples_for(pattern: DayPattern) -> Sequence[int]:
    return _KINDS[bool(pattern.weekdays), bool(pattern.weeks or pattern.followed)]


def _days_of_year(pattern: DayPattern, year: int) -> tuple[int, Sequence[int]]:
    """Return a year's first day, and how many days after it those are that fulfil the pattern."""
    example = _examples_for(pattern)[(year - _CYCLE_START) % _CYCLE]
    return month_start(year * 12), _days_like(pattern, example)


@lru_cache(maxsize=8192)
def _days_like(pattern: DayPattern, year: int) -> Sequence[int]:
    first, end = month_start(year * 12), month_start(year * 12 + 12)
    if pattern.every_day:
        return range(end - first)
    if pattern.followed:
        return _followed_days(replace(pattern, followed=False), year)
    spans = [(month_start(year * 12 + month - 1), month_start(year * 12 + month) - 1) for month in range(1, 13)]
    found: set[int] | None = None
    for days in _sets(pattern, year, spans):
        found = set(days) if found is None else found.intersection(days)
    return tuple(sorted(day - first for day in found or () if first <= day < end))


def _followed_days(pattern: DayPattern, year: int) -> Sequence[int]:
    """Return how many days after the year's first those are that fulfil the pattern as the next day does."""
    (first, days), (end, following) = _days_of_year(pattern, year), _days_of_year(pattern, year + 1)
    fitting = {*days, *(end - first + day for day in following[:1])}
    return tuple(day for day in days if day + 1 in fitting)


def days_between(pattern: DayPattern, low: int, high: int) -> list[int]:
    """Return the days from `low` to before `high` that fulfil the pattern."""
    high = min(high, LAST_DAY + 1)
    if low >= high:
        return []
    found: list[int] = []
    for year in range(date.fromordinal(low).year, date.fromordinal(high - 1).year + 1):
        first, days = _days_of_year(pattern, year)
        found += [first + day for day in days[bisect_left(days, low - first) : bisect_left(days, high - first)]]
    return found


def day_from(pattern: DayPattern, ordinal: int) -> int | None:
    """Return the first day that fulfils the pattern, at or after one; None where `SEARCHED_YEARS` have none."""
    if ordinal > LAST_DAY or pattern.every_day:
        return ordinal if ordinal <= LAST_DAY else None
    year = date.fromordinal(ordinal).year
    for each in range(year, min(year + SEARCHED_YEARS, MAXYEAR) + 1):
        first, days = _days_of_year(pattern, each)
        place = bisect_left(days, ordinal - first)
        if place < len(days):
            return first + days[place]
    return None


def has_days_in_a_row(pattern: DayPattern) -> bool:
    """Tell whether a day that fulfils the pattern may follow another."""
    followed = replace(pattern, followed=True)
    return any(_days_like(followed, year) for year in set(_examples_for(followed)))


def _sets(pattern: DayPattern, year: int, spans: list[tuple[int, int]]) -> Iterator[Iterable[int]]:
    whole = (spans[0][0], spans[-1][1])
    if pattern.year_days:
        first, last = whole
        yield [first + number - 1 if number > 0 else last + number + 1 for number in pattern.year_days]
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
