"""A receiver of webhooks that keeps what it is sent and answers as it is told."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.support.ports import LOOPBACK


@dataclass(frozen=True)
class Received:
    """One try at a message as it came; header names are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        """What it tells of."""
        return str(json.loads(self.body)["type"])

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


Answering = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def answering(status: int, text: str = "", **headers: object) -> Answering:
    """Return what always gives this answer; underscores in names of headers stand for hyphens."""

    async def answer(_: Received, writer: asyncio.StreamWriter) -> None:
        body = text.encode()
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        await writer.drain()

    return answer


async def cut(_: Received, writer: asyncio.StreamWriter) -> None:
    """Cut the connection without an answer."""
    writer.transport.abort()


async def silent(_received: Received, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


class WebhookReceiver:
    """Answers each try by `behaviour`, which may be set anew; an async context manager."""

    def __init__(self, behaviour: Answering | None = None) -> None:
        self.behaviour = behaviour or answering(204)
        self.received: list[Received] = []
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/hook") -> str:
        """Return the address of a path."""
        return f"http://{LOOPBACK}:{self.port}{path}"

    def of(self, kind: str) -> list[Received]:
        """Return what was received of a type."""
        return [each for each in self.received if each.type == kind]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                received = await _read(reader)
                self.received.append(received)
                await self.behaviour(received, writer)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    assert first.startswith("POST ")
    return Received(first.split(" ")[1], headers, body)
