"""Waiting for a condition with a deadline, so that no test sleeps and none hangs."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

Found = TypeVar("Found")


@overload
async def until(
    condition: Callable[[], Awaitable[Found | None]], *, within: float, what: str, every: float = ...
) -> Found: ...
@overload
async def until(condition: Callable[[], Found | None], *, within: float, what: str, every: float = ...) -> Found: ...
async def until(condition: Callable[[], object], *, within: float, what: str, every: float = 0.02) -> object:
    """Return the condition's value as soon as it is truthy; it may be sync or async.

    It is asked every `every` seconds, at least once, and a last time when `within` seconds are over.
    An AssertionError then names `what` and the last value. What the condition raises passes through.
    """
    deadline = time.monotonic() + within
    last: object = "nothing: the condition never answered"
    while True:
        left = deadline - time.monotonic()
        value = condition()
        if inspect.isawaitable(value):
            # An async condition that hangs must not outlive the deadline; the last gets `every` to answer.
            try:
                async with asyncio.timeout(max(left, every)) as limit:
                    value = await value
            except TimeoutError:
                if not limit.expired():
                    raise
                value = None
            else:
                last = value
        else:
            last = value
        if value:
            return value
        if left <= 0:
            raise AssertionError(f"not within {within:g} s: {what}; last value: {last!r}")
        await asyncio.sleep(min(every, max(deadline - time.monotonic(), 0)))
