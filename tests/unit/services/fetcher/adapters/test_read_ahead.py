"""Stages that work at once: order, errors in their turn, how far ahead, and nothing left running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from services.fetcher.adapters.read_ahead import ahead, gathered


class Source:
    """Yields numbers, and an error at the end if wanted; tells how far it came, and whether it was left."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.made = 0
        self.left = False
        self._count = count
        self._error = error

    async def items(self) -> AsyncIterator[int]:
        try:
            for number in range(self._count):
                self.made = number + 1
                yield number
            if self._error is not None:
                raise self._error
            await asyncio.sleep(0)
        finally:
            self.left = True


async def test_all_come_in_order() -> None:
    async with aclosing(ahead(Source(100).items())) as items:
        assert [item async for item in items] == list(range(100))


async def test_an_error_comes_after_what_was_made_before_it() -> None:
    taken = []

    async def take() -> None:
        async with aclosing(ahead(Source(5, ValueError("broken")).items())) as items:
            async for item in items:
                taken.append(item)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ValueError, match="broken"):
        await take()
    assert taken == [0, 1, 2, 3, 4]


async def test_the_source_is_a_few_items_ahead_at_most() -> None:
    source = Source(1_000)
    async with aclosing(ahead(source.items())) as items:
        assert await anext(items) == 0
        for _ in range(50):
            await asyncio.sleep(0)
        assert 2 <= source.made <= 3


async def test_one_that_is_left_early_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with aclosing(ahead(Source(1_000).items())) as items:
        await anext(items)
    assert asyncio.all_tasks() == before


async def test_one_that_is_cancelled_leaves_its_source() -> None:
    begun = asyncio.Event()
    left = asyncio.Event()

    async def stuck() -> AsyncIterator[int]:
        try:
            yield 1
            begun.set()
            await asyncio.Event().wait()
        finally:
            left.set()

    async def read() -> None:
        async with aclosing(ahead(stuck())) as items:
            async for _ in items:
                pass

    reading = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), 5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert left.is_set()


@pytest.mark.parametrize("sizes", [[], [0], [1, 2, 3], [10, 1, 9, 25, 3], [100]])
async def test_blocks_are_gathered_to_the_least_size(sizes: list[int]) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for place, size in enumerate(sizes):
            yield bytes([place]) * size

    out = [block async for block in gathered(blocks(), 10)]
    assert b"".join(out) == b"".join(bytes([place]) * size for place, size in enumerate(sizes))
    assert all(len(block) >= 10 for block in out[:-1])
