"""Work on rows beside the event loop, where there is enough of it to be worth a thread."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from typing import Final, TypeVar

_FEW: Final = 2_000
"""Up to so many rows the work takes a millisecond, and the way to a thread and back about as long."""

_AT_ONCE: Final = 3
"""Pieces of work: one for each of two cores, and one that has just been done."""

Piece = TypeVar("Piece")
Result = TypeVar("Result")


async def off_loop(rows: int, work: Callable[..., Result], *arguments: object) -> Result:
    """Call `work`, in a thread where it is about more than a few rows."""
    if rows <= _FEW:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)


async def side_by_side(pieces: AsyncIterable[Piece], work: Callable[[Piece], Result]) -> AsyncGenerator[Result]:
    """Yield what `work` makes of each piece, in their order, while later ones are under way in threads."""
    under_way: deque[asyncio.Task[Result]] = deque()
    try:
        async for piece in pieces:
            under_way.append(asyncio.create_task(asyncio.to_thread(work, piece)))
            if len(under_way) == _AT_ONCE:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
