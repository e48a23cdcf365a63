"""How often somebody may be wrong: tries for one account within a minute, in the memory of this process."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from shared.errors import UserError

_TOO_MANY = "There were too many wrong passwords. Wait for a minute, then try again."

_LONGEST = 200
"""Characters of a login that are remembered; none that there is has more."""


class Attempts:
    """Counts tries; a right one clears the count, so that only wrong ones add up."""

    def __init__(self, most_a_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._most = RateLimitItemPerMinute(most_a_minute)

    async def count(self, *who: str) -> None:
        """Count a try, before it is judged; UserError `too_many_attempts`."""
        if not await self._limiter.hit(self._most, *who):
            raise UserError("too_many_attempts", _TOO_MANY)

    async def clear(self, *who: str) -> None:
        """Forget the tries: the last one was right."""
        await self._limiter.clear(self._most, *who)


class SignInAttempts:
    """Counts tries to sign in, for each login and for each address that they come from.

    Only a login's count is cleared by its right password: an address might else go on with one of its own in between.
    """

    def __init__(self, most_a_minute: int, most_a_minute_from_address: int) -> None:
        self._logins = Attempts(most_a_minute)
        self._addresses = Attempts(most_a_minute_from_address)

    async def count(self, login: str, address: str | None) -> None:
        """Count a try, before it is judged; UserError `too_many_attempts`."""
        if address is not None:
            await self._addresses.count(address)
        await self._logins.count(login[:_LONGEST])

    async def clear(self, login: str) -> None:
        """Forget the tries for a login: the last one was right."""
        await self._logins.clear(login[:_LONGEST])
