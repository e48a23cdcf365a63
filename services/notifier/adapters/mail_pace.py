"""How fast mails go out of one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MailPace:
    """At most so many mails a minute, evenly; None: as fast as the server takes them."""

    def __init__(self, per_minute: int | None) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a mail may go out; one at a time may take one meanwhile."""
        async with self._turn:
            await asyncio.sleep(max(self._next - asyncio.get_running_loop().time(), 0))
            yield

    def use(self) -> None:
        """Have the next mail wait for its time; called in a turn."""
        self._next = asyncio.get_running_loop().time() + self._gap
