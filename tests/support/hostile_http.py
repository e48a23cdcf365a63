"""A web server that misbehaves as it is told: what nginx cannot be made to do."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK

MODIFIED = "Mon, 02 Nov 2026 03:04:05 GMT"


@dataclass(frozen=True)
class Request:
    """What a client asked; header names are in small letters."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def offset(self) -> int:
        """Where the wanted range begins."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else 0


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


class HostileHttpServer:
    """Answers each request by `behaviour`, then closes the connection; an async context manager."""

    def __init__(self, behaviour: Behaviour, host: str = LOOPBACK) -> None:
        self._behaviour = behaviour
        self._host = host
        self.requests: list[Request] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/people.csv") -> str:
        """Return the URL of a path."""
        return f"http://{self._host}:{self.port}{path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0)
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
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            method, target, _ = first.split(" ", 2)
            pairs = (line.partition(":") for line in lines)
            request = Request(method, target, {name.lower(): value.strip() for name, _, value in pairs})
            self.requests.append(request)
            await self._behaviour(request, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def send_head(writer: asyncio.StreamWriter, status: int, **headers: object) -> None:
    """Send a status and headers; underscores in their names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Status", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()


async def send_file(request: Request, writer: asyncio.StreamWriter, content: bytes, *, etag: str = '"one"') -> None:
    """Serve a file as a good server does: HEAD, ranges, validators."""
    offset = request.offset if request.headers.get("if-range", etag) in {etag, MODIFIED} else 0
    partial = f"bytes {offset}-{len(content) - 1}/{len(content)}" if offset else None
    await send_head(
        writer,
        206 if offset else 200,
        Content_Length=len(content) - offset,
        Content_Range=partial,
        ETag=etag,
        Last_Modified=MODIFIED,
    )
    if request.method != "HEAD":
        writer.write(content[offset:])
        await writer.drain()
