"""Whether the clock was set: told by how far it went while a clock that cannot be set went on."""

from datetime import datetime, timedelta

SMALLEST = timedelta(seconds=5)
"""Less is what clocks do by themselves, and what a busy process does between two looks."""


class ClockJumps:
    """Looks at both clocks each time it is asked; a machine that slept looks like a clock set forward."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def jumped(self, now: datetime, monotonic: float) -> timedelta:
        """Return how far the clock was set since the last time, forward or (negative) back; zero for not at all."""
        last, self._last = self._last, (now, monotonic)
        if last is None:
            return timedelta()
        jump = (now - last[0]) - timedelta(seconds=monotonic - last[1])
        return jump if abs(jump) >= SMALLEST else timedelta()
