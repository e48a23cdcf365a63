"""How a process is kept: the waits between its starts, and what comes after one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from services.cli.embedded import kept_process
from services.cli.embedded.kept_process import KeptProcess
from services.cli.embedded.supervisor import Supervisor, limit_broker_memory
from tests.support.waiting import until


class FakeProcess:
    """Ends when told to; `starts` counts, `failures` are raised by the next starts."""

    def __init__(self) -> None:
        self.starts = 0
        self.failures: list[Exception] = []
        self._ended = asyncio.Event()
        self.order: list[str] = []

    @property
    def pid(self) -> int:
        return self.starts

    async def start(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self._ended = asyncio.Event()
        self.starts += 1

    async def wait(self) -> int:
        await self._ended.wait()
        return 1

    async def stop(self, grace: float) -> None:
        self.kill()

    def kill(self) -> None:
        self._ended.set()


class Waits:
    """Records the waits between starts and lets each pass at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    @contextlib.asynccontextmanager
    async def __call__(self, seconds: float) -> AsyncIterator[None]:
        if seconds > kept_process.LONGEST_WAIT_SECONDS:
            yield
            return
        self.seconds.append(seconds)
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        try:
            yield
        except asyncio.CancelledError:
            task.uncancel()
            raise TimeoutError from None


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    recorded = Waits()
    monkeypatch.setattr(asyncio, "timeout", recorded)
    return recorded


async def started(process: FakeProcess, times: int) -> None:
    def enough() -> bool:
        return process.starts >= times

    deadline = asyncio.get_running_loop().time() + 5
    while not enough():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0)


async def test_waits_double_up_to_a_limit(waits: Waits) -> None:
    process = FakeProcess()
    kept = KeptProcess("syncer-1", process)
    await kept.begin()
    for times in range(1, 9):
        process.kill()
        await started(process, times + 1)
    await kept.end(1)
    assert waits.seconds == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


async def test_a_process_that_lived_long_enough_is_started_again_soon(
    waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = FakeProcess()
    kept = KeptProcess("syncer-1", process)
    await kept.begin()
    for times in (1, 2):
        process.kill()
        await started(process, times + 1)
    monkeypatch.setattr(kept_process, "STEADY_SECONDS", 0.0)
    process.kill()
    await started(process, 4)
    await kept.end(1)
    assert waits.seconds == [0.1, 0.2, 0.1]


async def test_a_start_that_fails_is_tried_again(waits: Waits) -> None:
    process = FakeProcess()
    kept = KeptProcess("broker", process)
    await kept.begin()
    process.failures = [OSError("no"), OSError("no")]
    process.kill()
    await started(process, 2)
    await kept.end(1)
    assert waits.seconds == [0.1, 0.2, 0.4]


async def test_when_what_follows_a_start_fails_it_is_started_anew(waits: Waits) -> None:
    process = FakeProcess()
    followed: list[int] = []

    async def follow() -> None:
        followed.append(process.starts)
        if len(followed) == 1:
            raise ConnectionError("the database is away")

    kept = KeptProcess("broker", process, after_restart=follow)
    await kept.begin()
    process.kill()
    await started(process, 3)
    await kept.end(1)
    assert followed == [2, 3]


async def test_a_restart_waits_for_nothing() -> None:
    process = FakeProcess()
    kept = KeptProcess("web-1", process)
    await kept.begin()
    for times in range(2, 12):
        await kept.restart(1)
        await started(process, times)
    await kept.end(1)


async def test_what_was_ended_is_not_started_again() -> None:
    process = FakeProcess()
    kept = KeptProcess("web-1", process)
    await kept.begin()
    await kept.end(1)
    await kept.restart(1)
    process.kill()
    for _ in range(10):
        await asyncio.sleep(0)
    assert process.starts == 1


async def test_the_first_start_says_why_it_failed() -> None:
    process = FakeProcess()
    process.failures = [OSError("no")]
    kept = KeptProcess("broker", process)
    with pytest.raises(OSError, match="no"):
        await kept.begin()
    await kept.end(1)


async def test_services_stop_from_where_work_comes_in() -> None:
    ended: list[str] = []

    class Named(FakeProcess):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        async def stop(self, grace: float) -> None:
            ended.append(self.name)
            await super().stop(grace)

    async with Supervisor() as supervisor:
        for name in ("postgres", "broker", "mail-sink"):
            await supervisor.keep(name, Named(name))
        for name in ("notifier", "syncer", "parser", "fetcher", "scheduler", "web"):
            await supervisor.keep_service(name, Named(name))
    assert ended == [
        *("scheduler", "web", "fetcher", "parser", "syncer", "notifier"),
        *("mail-sink", "broker", "postgres"),
    ]


@pytest.mark.parametrize(
    ("held", "active", "restarts"),
    [(100, False, False), (101, False, True), (101, True, False), (200, True, False), (201, True, True)],
)
async def test_the_broker_is_renewed_by_the_memory_it_holds(held: int, active: bool, restarts: bool) -> None:  # noqa: FBT001 -- a table of cases
    process = FakeProcess()
    kept = KeptProcess("broker", process)
    await kept.begin()
    looks = 0

    def resident_bytes() -> int:
        nonlocal looks
        looks += 1
        return held if process.starts == 1 else 0

    async def runs_active() -> bool:
        return active

    watch = asyncio.create_task(
        limit_broker_memory(kept, resident_bytes, runs_active, idle_limit=100, hard_limit=200, every=0)
    )
    seen: Callable[[], bool] = (lambda: process.starts == 2) if restarts else (lambda: looks > 5)
    await until(seen, within=2, what="the watch has looked", every=0.001)
    assert process.starts == (2 if restarts else 1)
    watch.cancel()
    await kept.end(1)


async def test_a_watch_that_cannot_ask_the_database_lives_on() -> None:
    process = FakeProcess()
    kept = KeptProcess("broker", process)
    await kept.begin()
    asked = 0

    async def runs_active() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ConnectionError
        return False

    watch = asyncio.create_task(
        limit_broker_memory(
            kept,
            lambda: 101 if process.starts == 1 else 0,
            runs_active,
            idle_limit=100,
            hard_limit=200,
            every=0,
        )
    )
    await until(lambda: process.starts == 2, within=2, what="a second question", every=0.001)
    watch.cancel()
    await kept.end(1)
