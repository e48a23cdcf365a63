"""One process that is kept running: started again whenever it ends, with waits that grow while it fails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from shared.errors import ContactsSyncError

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
STEADY_SECONDS = 10.0
_AFTER_RESTART_SECONDS = 60.0
_FAILED_START_GRACE_SECONDS = 2.0


class Startable(Protocol):
    """A program that can be started again after it ended."""

    @property
    def pid(self) -> int:
        """Return the process id of the current start."""

    async def start(self) -> object:
        """Start it and return when it is usable; raises, leaving nothing behind, when it can't be."""

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""

    async def stop(self, grace: float) -> object:
        """End it, within little more than `grace` seconds whatever it does."""

    def kill(self) -> None:
        """Kill it at once."""


def describe(error: BaseException) -> str:
    """Return an error's text if it is one of ours, else its kind: a library's text may hold a password."""
    return str(error) if isinstance(error, ContactsSyncError) else type(error).__name__


async def nothing() -> None:
    """Do nothing: for processes after whose restart nothing is to be done."""


class KeptProcess:
    """Keeps `process` running from `begin` to `end`; around each further start other work may be awaited."""

    def __init__(
        self,
        name: str,
        process: Startable,
        *,
        before_restart: Callable[[], Awaitable[None]] = nothing,
        after_restart: Callable[[], Awaitable[None]] = nothing,
    ) -> None:
        self.name = name
        self._process = process
        self._before_restart = before_restart
        self._after_restart = after_restart
        self._may_start = asyncio.Event()
        self._may_start.set()
        self._starting = asyncio.Lock()
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._at_once = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._running = False

    @property
    def pid(self) -> int:
        """Return the process id of the current start."""
        return self._process.pid

    async def begin(self) -> None:
        """Start it for the first time; what that raises is raised here."""
        await self._process.start()
        self._running = True
        logger.info("%s started as process %d", self.name, self.pid)
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def restart(self, grace: float) -> None:
        """End the process, so that it is started again at once. One that is waiting to be started is, now."""
        self._at_once.set()
        if self._running:
            await self._process.stop(grace)

    async def hold(self, grace: float) -> None:
        """End the process, and let it not be started again before `release`."""
        self._may_start.clear()
        async with self._starting:
            if self._running:
                self._at_once.set()
                await self._process.stop(grace)

    def release(self) -> None:
        """Let a process that was held be started, at once."""
        self._at_once.set()
        self._may_start.set()

    async def end(self, grace: float) -> None:
        """Keep it no longer, and end it."""
        if self._keeping is None:
            return
        self._keeping.cancel()
        await asyncio.wait({self._keeping})
        await self._process.stop(grace)
        logger.info("%s stopped", self.name)

    def abandon(self) -> None:
        """Keep it no longer, and kill it; `end` still has to be awaited."""
        if self._keeping is not None:
            self._keeping.cancel()
            self._process.kill()

    async def _keep(self) -> None:
        while True:
            started = time.monotonic()
            status = await self._process.wait()
            self._running = False
            if time.monotonic() - started >= STEADY_SECONDS:
                self._wait_seconds = FIRST_WAIT_SECONDS
            if not self._at_once.is_set():
                logger.warning("%s ended by itself with status %d", self.name, status)
            await self._start_again()

    async def _start_again(self) -> None:
        while True:
            await self._pause()
            await self._may_start.wait()
            try:
                await self._before_restart()
                async with self._starting:
                    await self._process.start()
                    self._running = True
                logger.info("%s started again as process %d", self.name, self.pid)
                async with asyncio.timeout(_AFTER_RESTART_SECONDS):
                    await self._after_restart()
            except Exception as error:  # noqa: BLE001 -- whatever failed, the one remedy is to start it again
                logger.warning("%s could not be started again: %s", self.name, describe(error))
                self._running = False
                await self._process.stop(_FAILED_START_GRACE_SECONDS)
            else:
                return

    async def _pause(self) -> None:
        """Wait before the next start, unless `restart` wants it at once; only waits that ran out grow."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._at_once.wait()
        except TimeoutError:
            self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)
        self._at_once.clear()
