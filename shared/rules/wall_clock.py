"""From the time on a wall clock to the instant it means, also where clocks change."""

from datetime import MINYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which a clock in `zone` shows `wall` (naive).

    Of a time that it shows twice, the first; for one that it skips, the first instant after the gap. Raises
    OverflowError where that lies outside the years 1 to 9999.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _shown(instant, zone) == wall:
        return instant
    # In a gap: fold 0 means an instant after the change, fold 1 one before it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    seconds = int((instant - before).total_seconds()) + 1
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if _shown(before + timedelta(seconds=middle), zone) > wall:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)


def instant_within(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that `instant_of` returns; where it lies outside the years 1 to 9999, the nearest within."""
    try:
        return instant_of(wall, zone)
    except OverflowError:
        bound = datetime.min if wall.year == MINYEAR else datetime.max  # noqa: DTZ901 - made aware below
        return bound.replace(tzinfo=UTC)


def _shown(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
