import threading
from collections.abc import AsyncIterator

import pytest

from services.syncer.adapters.off_loop import side_by_side


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10])
async def test_what_is_made_comes_in_the_order_of_the_pieces(count: int) -> None:
    second = threading.Event()

    def work(number: int) -> int:
        if number == 0 and count > 1:
            assert second.wait(10), "the second piece is worked on beside the first"
        second.set()
        return number * 2

    assert [made async for made in side_by_side(numbers(count), work)] == [number * 2 for number in range(count)]


async def test_a_failure_is_told_and_ends_it() -> None:
    def work(number: int) -> int:
        if number == 4:
            raise ValueError(number)
        return number

    made = side_by_side(numbers(10), work)
    assert [await anext(made) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="4"):
        await anext(made)
