"""Places for downloads, all in one event loop: who gets the next one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.fetcher.places import Places
from tests.support.waiting import until


class Crowd:
    """Takes places, and notes in which order they were given."""

    def __init__(self, total: int) -> None:
        self.places = Places(total)
        self.began: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def take(self, name: str, host: str, most: int, *, asked: bool = False) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._hold(name, host, most, asked=asked))

    async def _hold(self, name: str, host: str, most: int, *, asked: bool) -> None:
        async with self.places.place(host, most, asked=asked):
            self.began.append(name)
            await self._ends[name].wait()

    def cancel(self, name: str) -> None:
        self._tasks[name].cancel()

    def end(self, name: str) -> None:
        self._ends[name].set()

    async def have_begun(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.began), within=10, what=f"{names} have begun")

    async def stop(self) -> None:
        for name in self._tasks:
            self.cancel(name)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@asynccontextmanager
async def a_crowd(total: int) -> AsyncIterator[Crowd]:
    crowd = Crowd(total)
    try:
        yield crowd
    finally:
        await crowd.stop()


async def test_whoever_asks_goes_before_all_that_nobody_asked_for() -> None:
    async with a_crowd(total=2) as crowd:
        for number in range(4):
            crowd.take(f"nightly {number}", "example.com", most=2)
        await crowd.have_begun("nightly 0", "nightly 1")
        crowd.take("asked", "example.com", most=2, asked=True)
        crowd.end("nightly 0")
        await crowd.have_begun("asked")
        assert crowd.began == ["nightly 0", "nightly 1", "asked"]
        crowd.end("asked")
        await crowd.have_begun("nightly 2")


async def test_places_are_kept_for_those_who_ask_in_all_and_for_each_host() -> None:
    async with a_crowd(total=16) as crowd:
        for number in range(20):
            crowd.take(f"slow {number}", "slow.example.com", most=8)
            crowd.take(f"other {number}", "other.example.com", most=16)
        await until(lambda: len(crowd.began) == 14, within=10, what="all places but the kept ones are taken")
        assert sum(name.startswith("slow") for name in crowd.began) == 7
        crowd.take("asked", "slow.example.com", most=8, asked=True)
        await crowd.have_begun("asked")
        assert len(crowd.began) == 15


async def test_hosts_take_turns_and_a_slow_one_fills_its_own_places_only() -> None:
    async with a_crowd(total=6) as crowd:
        for number in range(10):
            crowd.take(f"slow {number}", "slow.example.com", most=2)
        for number in range(3):
            crowd.take(f"quick {number}", "quick.example.com", most=3)
        await crowd.have_begun("quick 0", "quick 1", "quick 2", "slow 0", "slow 1")
        assert len(crowd.began) == 5
        assert crowd.began[:4] == ["slow 0", "quick 0", "slow 1", "quick 1"]


async def test_what_is_cancelled_while_it_waits_takes_no_place() -> None:
    async with a_crowd(total=1) as crowd:
        crowd.take("first", "example.com", most=1)
        await crowd.have_begun("first")
        crowd.take("cancelled", "example.com", most=1)
        crowd.take("next", "example.com", most=1)
        await asyncio.sleep(0)
        crowd.cancel("cancelled")
        crowd.end("first")
        await crowd.have_begun("next")
        assert "cancelled" not in crowd.began


async def test_a_crowd_begins_one_after_the_other_and_leaves_the_event_loop_to_others() -> None:
    async with a_crowd(total=512) as crowd:
        for number in range(300):
            crowd.take(f"nightly {number}", "example.com", most=512)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(crowd.began) < 10
        await until(lambda: len(crowd.began) == 300, within=30, what="in the end all have begun")
