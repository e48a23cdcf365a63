"""Tasks that run side by side, up to a limit; whoever starts one more waits until one has ended."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

_log = structlog.get_logger("contacts_sync.fetcher")


class TaskPlaces:
    """So many places for tasks. A task says itself how it ended; what it raises is only noted in the log."""

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self) -> None:
        """Wait for a place, and hold it until `start` or `give_back`."""
        await self._free.acquire()

    def give_back(self) -> None:
        """Let go of a place that was taken for nothing."""
        self._free.release()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run a task in a place that was taken; it is let go as the task ends, also where it is cancelled."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Abandon all that is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()):
            _log.error("a task could not say how it ended", task=task.get_name(), error=repr(error))
