"""When a zone's clock changes: found by looking at the clock, once for each year of a zone."""

from bisect import bisect_left, bisect_right
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_LONGEST_GAP: Final = timedelta(days=1)
_LATER: Final = 1970
_DAYS_APART: Final = {False: 3, True: 5}
"""No zone has ever kept a shift for so few days; the fewest were four, and nearly seven from 1970 on."""
_LOOKS: Final = {
    later: tuple(timedelta(days=day) for day in range(-days, 366 + 2 * days, days))
    for later, days in _DAYS_APART.items()
}
"""When to look at the clock, from the begin of a year: nearer to each other than clocks change."""


def shift_at(second: int, zone: ZoneInfo) -> int:
    """Return how far the wall clock is from UTC, in seconds, at a second since 1970."""
    return _seconds((_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset())


def shifts_of(year: int, zone: ZoneInfo) -> list[int]:
    """Return all shifts that the clock has in a year (UTC), and maybe such as it has in the days beside it.

    OverflowError in the first and the last year there are.
    """
    return [_seconds(shift) for shift in set(_seen_in(year, zone))]


def steady_until(second: int, zone: ZoneInfo) -> int:
    """Return a second, after one, up to which the clock keeps the shift it has; its next change, where that is near.

    OverflowError in the first and the last year there are.
    """
    year = year_of(second)
    looks, seen = _LOOKS[year >= _LATER], _seen_in(year, zone)
    begin, shift = end_of(year - 1), shift_at(second, zone)
    place = bisect_right(looks, timedelta(seconds=second + shift - begin))
    while place < len(looks) and _seconds(seen[place]) == shift:
        place += 1
    steady = begin + (looks[place - 1] - _LONGEST_GAP) // _SECOND - shift
    return steady if steady > second else next(change for change in _changes_of(year, zone) if change > second)


def year_of(second: int) -> int:
    """Return the year (UTC) of a second since 1970; OverflowError where there is none."""
    return (_EPOCH + timedelta(seconds=second)).year


def end_of(year: int) -> int:
    """Return the second since 1970 at which a year (UTC) ends; OverflowError in the last there is."""
    if year >= MAXYEAR:
        raise OverflowError
    return (datetime(year + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND


def _seconds(shift: timedelta | None) -> int:
    return shift.days * 86_400 + shift.seconds if shift else 0


@lru_cache(maxsize=8192)
def _seen_in(year: int, zone: ZoneInfo) -> list[timedelta | None]:
    """Return the shift at each look: of the wall clock, for which Python tells it much faster than for an instant."""
    first = datetime(year, 1, 1)  # noqa: DTZ001 - wall clock
    return [zone.utcoffset(first + look) for look in _LOOKS[year >= _LATER]]


@lru_cache(maxsize=8192)
def _changes_of(year: int, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the changes of a year, in UTC, and its end."""
    first, begin, end = datetime(year, 1, 1), end_of(year - 1), end_of(year)  # noqa: DTZ001 - wall clock
    looks = zip(_LOOKS[year >= _LATER], _seen_in(year, zone), strict=True)
    changes = [
        _change_between(first + low, first + high, zone)
        for (low, before), (high, after) in pairwise(looks)
        if before != after
    ]
    return (*(change for change in changes if begin < change < end), end)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> int:
    """Return the instant of the one change between two times of the wall clock.

    Its times have the former shift as long as they may: to the end of a gap, or of an hour that the clock shows twice.
    """
    before, after = zone.utcoffset(low), zone.utcoffset(high)
    kept = bisect_left(
        range((high - low) // _SECOND), x=True, key=lambda second: zone.utcoffset(low + second * _SECOND) != before
    )
    return (low.replace(tzinfo=UTC) - _EPOCH) // _SECOND + kept - max(_seconds(before), _seconds(after))
