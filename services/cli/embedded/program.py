"""A Python program of our own as a process that can be started again: a service, or the mail sink."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.cli.embedded.child import Child, Lifeline
from services.cli.embedded.ports import free_port


class Program:
    """Starts `argv` with a new internal port each time, in the environment that `environment(port)` is."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Callable[[int], Mapping[str, str]],
        log: Path,
        lifeline: Lifeline,
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._log = log
        self._lifeline = lifeline
        self._child: Child | None = None
        self._health_port = 0

    @property
    def pid(self) -> int:
        """Return the process id of the current start."""
        return self._running.pid

    @property
    def health_port(self) -> int:
        """Return the internal port of the current start; 0 before the first."""
        return self._health_port

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the program was not started")
        return self._child

    async def start(self) -> None:
        """Start the process; it is not ready yet when this returns."""
        self._health_port = free_port()
        starting = asyncio.ensure_future(
            Child.start(
                self._argv,
                env=self._environment(self._health_port),
                log=self._log,
                lifeline=self._lifeline,
            )
        )
        try:
            self._child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # A process that was on its way must not be lost sight of: `stop` will find it.
            self._child = await starting
            raise

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        return await self._running.wait()

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill it when the grace time is over."""
        if self._child is not None:
            await self._child.stop(grace)

    def kill(self) -> None:
        """Kill it at once."""
        if self._child is not None:
            self._child.kill()
