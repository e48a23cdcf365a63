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
        changes = []
        at = begin
        while (at := steady_until(at, zone)) < end:
            changes.append(at)
        assert all(shift_at(change - 1, zone) != shift_at(change, zone) for change in changes), name
        looked = [shift_at(second, zone) for second in (*range(begin, end, _DAY), end)]
        assert sum(earlier != later for earlier, later in pairwise(looked)) - len(changes) in {
            0,
            int(at_end(zone, end)),
        }


def at_end(zone: ZoneInfo, end: int) -> bool:
    """Tell whether the clock changes with the year."""
    return shift_at(end - 1, zone) != shift_at(end, zone)
