"""A web server for thousands of small files that change: with an entity tag of the content, as good servers have."""

import asyncio
import hashlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.support.hostile_http import HostileHttpServer, Request, send_head
from tests.support.imports import csv_of


class FileServer:
    """Serves `files`, by path; an async context manager."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._server = HostileHttpServer(self._answer)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return self._server.url(path)

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        content = self.files.get(request.target)
        if content is None:
            await send_head(writer, 404, Content_Length=0)
            return
        tag = f'"{hashlib.sha256(content).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            await send_head(writer, 304, ETag=tag)
            return
        await send_head(writer, 200, ETag=tag, Content_Length=len(content))
        if request.method != "HEAD":
            writer.write(content)
            await writer.drain()


class ServedFile:
    """One file of simple CSV on a server, which changes."""

    def __init__(self, server: FileServer, path: str) -> None:
        self._server = server
        self._path = path
        self.url = server.url(path)

    def write(self, *rows: list[str], header: Sequence[str] = ("No", "Name")) -> None:
        """Put these rows in place of what it holds."""
        self._server.files[self._path] = csv_of(list(rows), list(header)).encode()

    def take_away(self) -> None:
        """Let there be no such file any more."""
        del self._server.files[self._path]
