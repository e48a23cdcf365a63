"""When a zone's clock changes: found by looking at the clock, once for each year of a zone."""

from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STRIDE: Final = 3 * 86_400
"""No zone has ever kept an offset for so short a time; the shortest were four days."""


def shift_at(second: int, zone: ZoneInfo) -> int:
    """Return how far the wall clock is from UTC, in seconds, at a second since 1970."""
    shift = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


def steady_until(second: int, zone: ZoneInfo) -> int:
    """Return a second up to which the clock keeps the shift it has: the next change, or the end of the year.

    OverflowError in the last year there is.
    """
    year = (_EPOCH + timedelta(seconds=second)).year
    if year == MAXYEAR:
        raise OverflowError
    changes = _changes_of(zone, year)
    return next(change for change in changes if change > second)


@lru_cache(maxsize=8192)
def _changes_of(zone: ZoneInfo, year: int) -> tuple[int, ...]:
    """Return the changes of a year, in UTC, and its end."""
    begin, end = (int((datetime(each, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) for each in (year, year + 1))
    found = []
    shift = shift_at(begin, zone)
    for low in range(begin, end, _STRIDE):
        high = min(low + _STRIDE, end)
        later = shift_at(high, zone)
        if later != shift:
            found.append(_change_between(low, high, zone))
            shift = later
    return (*found, end)


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    shift = shift_at(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if shift_at(middle, zone) == shift else (low, middle)
    return high
