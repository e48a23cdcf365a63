"""SFTP by asyncssh."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

import asyncssh

from services.fetcher.adapters.sftp_errors import FAILURES, explained, too_slow
from services.fetcher.adapters.sftp_login import log_in
from services.fetcher.ports import Credentials, EnterStep, FileState, ListedFile, OpenFile
from services.fetcher.settings import FetcherSettings
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.rules.link import Link

_BLOCK = 255 * 1024
"""The most that OpenSSH hands out for one request."""
_AHEAD = 16
"""Blocks asked for at once; asyncssh's own reading of whole files may take hundreds of megabytes."""


class SftpTransport:
    """Connects to SFTP servers."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._addresses = settings.addresses

    @asynccontextmanager
    async def connect(self, link: Link, credentials: Credentials, enter: EnterStep) -> AsyncIterator["SftpServer"]:
        """Connect and log in."""
        connected = False
        try:
            enter("address")
            async with asyncio.timeout(self._settings.connect_seconds):
                addresses = await self._addresses.resolve(link.host, link.port)
                enter("connect")
                connection, host_key = await log_in(addresses, link, credentials, enter)
                sftp = await connection.start_sftp_client()
                connected = True
            try:
                yield SftpServer(sftp, host_key, enter, self._settings.idle_seconds)
            finally:
                connection.abort()
        except ContactsSyncError:
            raise
        except TimeoutError as error:
            raise too_slow(link, connected=connected) from error
        except FAILURES as error:
            raise explained(error, link) from error


class SftpServer:
    """One connection; implements `RemoteServer`."""

    def __init__(self, sftp: asyncssh.SFTPClient, host_key: str | None, enter: EnterStep, idle_seconds: float) -> None:
        self._sftp = sftp
        self._enter = enter
        self._idle_seconds = idle_seconds
        self.host_key = host_key

    async def list_files(self, link: Link, wanted: Callable[[str], bool]) -> list[ListedFile]:
        """Return plain files of the folder; names that no file of this folder can have are left out."""
        self._enter("path")
        async with self._answering(link):
            entries = [entry async for entry in self._sftp.scandir(str(PurePosixPath(link.path).parent))]
        return [
            ListedFile(name, _state(entry.attrs))
            for entry in entries
            if (name := _text(entry.filename)) and wanted(name) and entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
        ]

    async def state(self, link: Link) -> FileState:
        """Return the file's size and time."""
        self._enter("path")
        async with self._answering(link):
            attributes = await self._sftp.stat(link.path)
        if attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY:
            raise UserError("file_unreadable", f"{link.path} on {link.host} is a folder. Check the link.")
        return _state(attributes)

    @asynccontextmanager
    async def open(
        self,
        link: Link,
        *,
        offset: int = 0,
        expected: FileState | None = None,
        known: FileState | None = None,  # noqa: ARG002 - SFTP has no validators
    ) -> AsyncIterator[OpenFile]:
        """Open a file for reading."""
        state = await self.state(link)
        if offset and expected is not None and not expected.same_file(state):
            raise TransientError("file_changing", f"The file on {link.host} is no longer the one that was begun.")
        async with self._answering(link):
            file = await self._sftp.open(link.path, "rb", block_size=None)
        yield OpenFile(state, self._blocks(link, file, offset, state.size))

    async def _blocks(
        self, link: Link, file: asyncssh.SFTPClientFile, offset: int, size: int | None
    ) -> AsyncIterator[bytes]:
        """Read in order, up to the size seen, with several requests on their way."""
        waiting: list[asyncio.Task[bytes]] = []
        asked = offset
        try:
            while True:
                while len(waiting) < _AHEAD and (asked < size if size is not None else not waiting):
                    length = _BLOCK if size is None else min(_BLOCK, size - asked)
                    waiting.append(asyncio.ensure_future(_read(file, asked, length)))
                    asked += length
                if not waiting:
                    break
                async with self._answering(link):
                    block = await waiting.pop(0)
                if not block:
                    break
                yield block
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    @asynccontextmanager
    async def _answering(self, link: Link) -> AsyncIterator[None]:
        """Give the server its time for one answer, and turn what goes wrong into errors of ours."""
        try:
            async with asyncio.timeout(self._idle_seconds):
                yield
        except TimeoutError as error:
            raise too_slow(link, connected=True) from error
        except FAILURES as error:
            raise explained(error, link) from error


async def _read(file: asyncssh.SFTPClientFile, offset: int, length: int) -> bytes:
    """Return `length` bytes, fewer only where the file ends: a server may answer with less than it was asked for."""
    block: bytes = await file.read(length, offset)
    while block and len(block) < length:
        more: bytes = await file.read(length - len(block), offset + len(block))
        if not more:
            break
        block += more
    return block


def _state(attributes: asyncssh.SFTPAttrs) -> FileState:
    modified = datetime.fromtimestamp(attributes.mtime, UTC) if attributes.mtime is not None else None
    return FileState(size=attributes.size, modified=modified)


def _text(name: bytes | str) -> str | None:
    """Return a listed name; None for one that is no plain UTF-8 name."""
    try:
        text = name.decode() if isinstance(name, bytes) else name
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and "/" not in text else None
