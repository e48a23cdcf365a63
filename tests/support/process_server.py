"""What all servers that run as a process of their own have in common for the tests."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

from tests.support.server_process import ServerProcess


class ProcessServer(ABC):
    """A server in a process of its own, also as an async context manager: `async with` starts and stops it.

    A new `start` after `stop` or `kill` uses the same ports, files, keys and certificates.
    """

    start_seconds: ClassVar[float] = 15
    stop_seconds: ClassVar[float] = 10

    def __init__(self) -> None:
        self._process: ServerProcess | None = None

    @property
    def pid(self) -> int:
        """The pid of the newest start."""
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process.pid

    @property
    def printed(self) -> str:
        """What the program printed since its newest start."""
        return "" if self._process is None else self._process.printed()

    async def start(self) -> None:
        """Start the server and return when it answers; raise ServerDidNotStartError where it does not."""
        if self._process is None:
            self._process = await self._prepared()
        await self._process.start(self._answers, within=self.start_seconds)

    async def stop(self) -> None:
        """Stop the server in order, and end every connection; a stopped one is left as it is."""
        if self._process is not None:
            await self._process.stop(within=self.stop_seconds)

    def kill(self) -> None:
        """Kill the server (SIGKILL), as a crash would, and return when it is gone."""
        if self._process is not None:
            self._process.kill()

    async def restart(self) -> None:
        """Start again; a server that still runs is stopped first."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def _prepared(self) -> ServerProcess:
        """Write what the program needs, before its first start, and return how it is run."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Tell whether the started program answers its clients."""
