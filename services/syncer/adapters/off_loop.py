"""Work on rows beside the event loop, where there is enough of it to be worth a thread."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

_FEW: Final = 2_000
"""Up to so many rows the work takes a millisecond, and the way to a thread and back about as long."""

Result = TypeVar("Result")


async def off_loop(rows: int, work: Callable[..., Result], *arguments: object) -> Result:
    """Call `work`, in a thread where it is about more than a few rows."""
    if rows <= _FEW:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)
