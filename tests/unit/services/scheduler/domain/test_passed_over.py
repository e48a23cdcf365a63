"""A time that was still to come, and by new rules of a zone is past, is found; what has run is not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.scheduler.domain.passed_over import passed_over
from shared.rules.due import Pause, next_due
from shared.rules.recurrence import Schedule

ID = UUID(int=1)
NOW = datetime(2026, 12, 1, 5, 50, tzinfo=UTC)
HOUR = timedelta(hours=1)


def found(times: str, awaited: datetime, pause: Pause | None = None) -> datetime | None:
    """Return what was passed over; `times` are the hours of each day by the new rules, "" stands for a single time."""
    start = datetime(2026, 11, 1, 5, 30) if times else datetime(2026, 12, 1, 5, 30)  # noqa: DTZ001
    schedule = Schedule(start, "UTC", f"FREQ=DAILY;BYHOUR={times}" if times else None)
    return passed_over(schedule, ID, awaited, next_due(schedule, ID, NOW, pause), NOW, pause)


@pytest.mark.parametrize("times", ["5", "", "5,12", "3,4,5"])
def test_what_was_awaited_and_is_past_is_found(times: str) -> None:
    assert found(times, NOW + 40 * timedelta(minutes=1)) == NOW - timedelta(minutes=20)


@pytest.mark.parametrize("awaited", [NOW + 22.7 * HOUR, NOW + 24 * HOUR, NOW + 100 * HOUR])
def test_what_moved_to_later_has_run(awaited: datetime) -> None:
    assert found("5", awaited) is None


def test_a_single_time_that_was_awaited_for_long_is_not_this_one() -> None:
    assert found("", NOW + 48 * HOUR) is None


def test_what_a_pause_took_is_left_to_it() -> None:
    assert found("5", NOW + HOUR, Pause(NOW - HOUR, NOW + 2 * HOUR)) is None
