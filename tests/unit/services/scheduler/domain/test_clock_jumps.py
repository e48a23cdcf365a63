from datetime import UTC, datetime, timedelta

from services.scheduler.domain.clock_jumps import SMALLEST, ClockJumps

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_time_that_passes_is_no_jump() -> None:
    jumps = ClockJumps()
    assert jumps.jumped(NOW, 100) == timedelta()
    assert jumps.jumped(NOW + HOUR, 3700) == timedelta()
    assert jumps.jumped(NOW + HOUR + SMALLEST / 2, 3700) == timedelta()


def test_a_clock_set_forward_and_back() -> None:
    jumps = ClockJumps()
    jumps.jumped(NOW, 0)
    assert jumps.jumped(NOW + HOUR, 60) == HOUR - timedelta(minutes=1)
    assert jumps.jumped(NOW + HOUR, 60) == timedelta(), "each is told of once"
    assert jumps.jumped(NOW, 60) == -HOUR
