"""How often somebody may be wrong: tries for one account within a minute, in the memory of this process."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from shared.errors import UserError


class Attempts:
    """Counts tries; a right one clears the count, so that only wrong ones add up."""

    def __init__(self, most_a_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._most = RateLimitItemPerMinute(most_a_minute)

    async def count(self, *who: str) -> None:
        """Count a try, before it is judged; UserError `too_many_attempts`."""
        if not await self._limiter.hit(self._most, *who):
            raise UserError("too_many_attempts", "There were too many wrong passwords; wait for a minute.")

    async def clear(self, *who: str) -> None:
        """Forget the tries: the last one was right."""
        await self._limiter.clear(self._most, *who)
