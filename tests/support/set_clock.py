"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class SetClock:
    """Tells the time it was set to; `monotonic` goes on with `go`, and stays when the clock is only set."""

    def __init__(self, time: datetime) -> None:
        self.time = time.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def monotonic(self) -> float:
        """Return the seconds that have really passed."""
        return self._elapsed

    def go(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by
        self._elapsed += by.total_seconds()

    def set(self, time: datetime) -> None:
        """Set the clock: no time passes."""
        self.time = time.astimezone(UTC)
