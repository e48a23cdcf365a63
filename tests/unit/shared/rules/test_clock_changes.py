from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from shared.rules.clock_changes import shift_at, steady_until

_DAY = 86_400


@pytest.mark.parametrize("year", [1911, 1945, 1976, 2000, 2011, 2026, 2040])
def test_every_change_of_every_zone_is_found(year: int) -> None:
    begin, end = (int(datetime(each, 1, 1, tzinfo=UTC).timestamp()) for each in (year, year + 1))
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        changes: list[int] = []
        at = begin
        while at < end:
            since, at = at, steady_until(at, zone)
            assert shift_at(at - 1, zone) == shift_at(since, zone), name
            if at < end and shift_at(at, zone) != shift_at(since, zone):
                changes.append(at)
        looked = [shift_at(second, zone) for second in (*range(begin, end, _DAY), end)]
        assert sum(earlier != later for earlier, later in pairwise(looked)) - len(changes) in {
            0,
            int(at_end(zone, end)),
        }, name


def at_end(zone: ZoneInfo, end: int) -> bool:
    """Tell whether the clock changes with the year."""
    return shift_at(end - 1, zone) != shift_at(end, zone)
