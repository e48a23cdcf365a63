"""Places for downloads: so many in all, so many for each host, and hosts take turns.

A server that is slow fills its own places only. Of the imports that wait for one host those that somebody asked for go
first, then by age; an eighth of all places, and of each host's, is kept for them. Those that nobody asked for begin one
after the other, each when the event loop has got round to it: hundreds may wait for slow servers, but a crowd that
keeps this process busy is not begun all at once, for whoever asks meanwhile would wait until all of it is done.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

_KEPT: Final = 8
"""One place of so many is kept for those who asked."""
_PACE_SECONDS: Final = 0.005


class _Waiting(NamedTuple):
    most: int
    given: "asyncio.Future[None]"


_Lines = OrderedDict[str, deque[_Waiting]]


class Places:
    """Hands out places; all in one event loop."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._kept = total // _KEPT
        self._taken: Counter[str] = Counter()
        self._asked: _Lines = OrderedDict()
        self._others: _Lines = OrderedDict()
        self._handing_out: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def place(self, host: str, most: int, *, asked: bool) -> AsyncIterator[None]:
        """Hold a place for a host that may have at most so many; waits for it."""
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lines = self._asked if asked else self._others
        lines.setdefault(host, deque()).append(_Waiting(most, given))
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
        while self._serve_next(self._asked, kept=0, share_kept=0):
            pass
        if self._others and (self._handing_out is None or self._handing_out.done()):
            self._handing_out = asyncio.create_task(self._hand_out_in_turn(), name="places")

    async def _hand_out_in_turn(self) -> None:
        while self._serve_next(self._others, kept=self._kept, share_kept=_KEPT):  # noqa: ASYNC110 - a pace
            await asyncio.sleep(_PACE_SECONDS)

    def _serve_next(self, lines: _Lines, *, kept: int, share_kept: int) -> bool:
        """Give the next host's first in line a place, if more than those kept are free; tells whether it could."""
        return self._free > kept and any(self._serve(lines, host, share_kept) for host in list(lines))

    def _serve(self, lines: _Lines, host: str, share_kept: int) -> bool:
        line = lines[host]
        while line and line[0].given.cancelled():
            line.popleft()
        served = bool(line) and self._taken[host] < line[0].most - (line[0].most // share_kept if share_kept else 0)
        if served:
            self._free -= 1
            self._taken[host] += 1
            line.popleft().given.set_result(None)
            if line:
                lines.move_to_end(host)
        if not line:
            del lines[host]
        return served
