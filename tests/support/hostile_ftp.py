"""An FTP server that misbehaves as it is told: what vsftpd and ProFTPD cannot be made to do."""

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK

_GOOD = {"USER": b"331 and?", "PASS": b"230 in", "TYPE": b"200 yes", "MDTM": b"213 20261102030405", "EPSV": b"500 no"}


class HostileFtpServer:
    """Serves `content` under any name, in clear; `answers` replaces the answer to a command by another.

    `cuts` are lengths after which the data connections break off, one for each RETR, with the answer 426; the later
    ones go to the end. `passive_address` is what PASV names in place of the server's own address.
    """

    def __init__(
        self,
        content: bytes = b"",
        *,
        greeting: bytes = b"220 ready\r\n",
        answers: Mapping[str, bytes] | None = None,
        cuts: tuple[int, ...] = (),
        passive_address: str = LOOPBACK,
    ) -> None:
        self._content = content
        self._greeting = greeting
        self._answers = _GOOD | {"SIZE": b"213 %d" % len(content)} | dict(answers or {})
        self._cuts = list(cuts)
        self._passive_address = passive_address
        self._tasks: set[asyncio.Task[None]] = set()
        self.commands: list[str] = []

    def url(self, path: str = "people.csv") -> str:
        """Return the URL of a file."""
        return f"ftp://{LOOPBACK}:{self.port}/{path}"

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
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            writer.write(self._greeting)
            await _Session(self, reader, writer).answer_all()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def next_cut(self) -> int | None:
        """Return after how many bytes the next transfer breaks off."""
        return self._cuts.pop(0) if self._cuts else None

    @property
    def content(self) -> bytes:
        """What is served."""
        return self._content

    @property
    def passive_address(self) -> str:
        """What PASV says."""
        return self._passive_address

    def answer(self, command: str) -> bytes:
        """Return the answer to a command that moves no data."""
        return self._answers.get(command, b"502 what?")

    def replaces(self, command: str) -> bool:
        """Tell whether a command has an answer of its own, in place of what it does."""
        return command in self._answers


class _Session:
    def __init__(self, server: HostileFtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._offset = 0
        self._data: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self._opened: list[asyncio.StreamWriter] = []
        self._listening: asyncio.Server | None = None

    async def answer_all(self) -> None:
        try:
            while line := await self._reader.readline():
                command, _, argument = line.decode(errors="replace").strip().partition(" ")
                self._server.commands.append(f"{command} {argument}".strip())
                self._writer.write(await self._answer(command.upper(), argument) + b"\r\n")
                await self._writer.drain()
        finally:
            if self._listening is not None:
                self._listening.close()
            for data in self._opened:
                data.transport.abort()

    async def _answer(self, command: str, argument: str) -> bytes:
        if self._server.replaces(command):
            return self._server.answer(command)
        match command:
            case "PASV":
                self._listening = await asyncio.start_server(self._connected, LOOPBACK, 0)
                port: int = self._listening.sockets[0].getsockname()[1]
                address = self._server.passive_address.replace(".", ",")
                return f"227 entering ({address},{port // 256},{port % 256})".encode()
            case "REST":
                self._offset = int(argument)
                return b"350 from there"
            case "RETR":
                return await self._send()
            case _:
                return self._server.answer(command)

    async def _connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._opened.append(writer)
        self._data.put_nowait(writer)

    async def _send(self) -> bytes:
        self._writer.write(b"150 here it comes\r\n")
        data = await self._data.get()
        cut = self._server.next_cut()
        rest = self._server.content[self._offset :]
        self._offset = 0
        data.write(rest if cut is None else rest[:cut])
        with contextlib.suppress(ConnectionError):
            await data.drain()
            data.close()
            await data.wait_closed()
        if self._listening is not None:
            self._listening.close()
        return b"226 all sent" if cut is None else b"426 broken off"
