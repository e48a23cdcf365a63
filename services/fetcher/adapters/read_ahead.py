"""Lets the stages of a stream work at once: one reads on while the next is busy with what came before."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    error: BaseException | None


async def ahead(source: AsyncIterator[T]) -> AsyncGenerator[T]:
    """Yield what the source yields, and have it make one item more meanwhile; its errors come in their turn.

    The source runs in a task of its own, which is over when this generator is closed: close it, by `aclosing`.
    """
    made: asyncio.Queue[T | _End] = asyncio.Queue(1)

    async def make() -> None:
        try:
            async for item in source:
                await made.put(item)
        except Exception as error:  # noqa: BLE001 - it is raised again where the items are taken
            await made.put(_End(error))
        else:
            await made.put(_End(None))

    task = asyncio.create_task(make())
    try:
        while not isinstance(item := await made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def gathered(blocks: AsyncIterator[bytes], least: int) -> AsyncGenerator[bytes]:
    """Yield the same bytes in blocks of at least `least` bytes, but for the last."""
    waiting: list[bytes] = []
    size = 0
    async for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= least:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)
