"""Places for downloads: so many in all, so many for each host, and hosts take turns.

A server that is slow fills its own places only; of the imports that wait for one host the first goes first.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """Hands out places; all in one event loop."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._taken: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[tuple[int, asyncio.Future[None]]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, host: str, most: int) -> AsyncIterator[None]:
        """Hold a place for a host that may have at most so many; waits for it."""
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(host, deque()).append((most, given))
        self._hand_out()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(host)
            raise
        try:
            yield
        finally:
            self._give_back(host)

    def _give_back(self, host: str) -> None:
        self._free += 1
        self._taken[host] -= 1
        if not self._taken[host]:
            del self._taken[host]
        self._hand_out()

    def _hand_out(self) -> None:
        """Give each host in turn a place for its first in line, until none is free or nobody may have one."""
        given = True
        while given and self._free:
            given = False
            for host in list(self._waiting):
                if self._free and self._serve(host):
                    given = True

    def _serve(self, host: str) -> bool:
        line = self._waiting[host]
        while line and line[0][1].cancelled():
            line.popleft()
        served = bool(line) and self._taken[host] < line[0][0]
        if served:
            self._free -= 1
            self._taken[host] += 1
            line.popleft()[1].set_result(None)
        if line:
            self._waiting.move_to_end(host)
        else:
            del self._waiting[host]
        return served
