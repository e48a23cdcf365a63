"""How often and after what waits a server that fails for now is tried again."""

from dataclasses import dataclass, field

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
PROGRESS_BYTES = 1 << 20
"""Fewer new bytes than this are no progress: a server that hands out crumbs is not asked for ever."""


@dataclass
class Patience:
    """Counts failures in a row; a failure after progress is the first one again."""

    attempts: int
    _failures: int = field(default=0, init=False)
    _reached: int = field(default=0, init=False)

    def wait_after_failure(self, received: int, chance: float) -> float | None:
        """Return the seconds to wait before the next attempt, None where there is to be none.

        `received` is how many bytes are there by now, `chance` a random number from 0 to 1: waits double, and vary
        between their half and their whole so that imports that failed together do not come back together.
        """
        if received >= self._reached + PROGRESS_BYTES:
            self._failures = 0
        self._reached = max(self._reached, received)
        self._failures += 1
        if self._failures >= self.attempts:
            return None
        wait: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (self._failures - 1))
        return wait * (0.5 + chance / 2)
