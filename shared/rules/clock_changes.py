"""When a zone's clock changes: found by looking at the clock, once for each year of a zone."""

from bisect import bisect_left
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STRIDES: Final = ((1970, timedelta(days=3)), (MAXYEAR, timedelta(days=6)))
"""Up to a year no zone has kept an offset for so short a time: the shortest were four days, since 1970 nearly seven."""
_SECOND: Final = timedelta(seconds=1)


def shift_at(second: int, zone: ZoneInfo) -> int:
    """Return how far the wall clock is from UTC, in seconds, at a second since 1970."""
    shift = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return shift.days * 86_400 + shift.seconds if shift else 0


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
    stride = next(stride for before, stride in _STRIDES if year < before)
    found = []
    # Of a wall clock's time Python tells the offset ten times as fast as of an instant.
    wall, last = datetime(year, 1, 1) - stride, datetime(year + 1, 1, 1) + stride  # noqa: DTZ001 - a wall clock
    while wall < last:
        if zone.utcoffset(wall + stride) != zone.utcoffset(wall):
            found.append(_change_between(wall, wall + stride, zone))
        wall += stride
    return (*(change for change in found if begin < change < end), end)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> int:
    """Return the instant at which the offset changes, in a stretch of the wall clock with one change.

    By that clock the offset is the former one as long as it can be: until the end of a gap, or of an hour told twice.
    """
    before, after = zone.utcoffset(low), zone.utcoffset(high)
    seconds = (high - low) // _SECOND
    found = bisect_left(range(seconds), True, key=lambda second: zone.utcoffset(low + second * _SECOND) != before)  # noqa: FBT003
    ahead = max(offset for offset in (before, after) if offset is not None)
    return (low.replace(tzinfo=UTC) + found * _SECOND - ahead - _EPOCH) // _SECOND
