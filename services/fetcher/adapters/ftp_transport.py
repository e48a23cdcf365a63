"""FTP, explicit FTPS and implicit FTPS by aioftp."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

import aioftp

from services.fetcher.adapters.ftp_client import FtpClient
from services.fetcher.adapters.ftp_errors import FAILURES, explained
from services.fetcher.ports import Credentials, EnterStep, FileState, ListedFile, OpenFile
from services.fetcher.settings import FetcherSettings
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.network.trust import Trust
from shared.rules.link import Link

_BLOCK: Final = 256 * 1024
_MOST_NAMES: Final = 100_000
_SIZE: Final = re.compile(r"\s*([0-9]{1,18})\s*")
_TIME: Final = re.compile(r"\s*([0-9]{14})(?:\.[0-9]+)?\s*")


class FtpTransport:
    """Connects to FTP servers, in clear or by TLS as the link says."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._addresses = settings.addresses
        self._trust = Trust()

    @asynccontextmanager
    async def connect(self, link: Link, credentials: Credentials, enter: EnterStep) -> AsyncIterator["FtpServer"]:
        """Connect and log in."""
        client: FtpClient | None = None
        try:
            enter("address")
            try:
                async with asyncio.timeout(self._settings.connect_seconds):
                    addresses = await self._addresses.resolve(link.host, link.port)
                    client = await self._connected(addresses, link, credentials, enter)
                    await self._log_in(client, link, credentials, enter)
            except TimeoutError as error:
                raise TransientError("connect_timeout", f"{link.host} did not answer in time.") from error
            client.socket_timeout = client.stream.read_timeout = self._settings.idle_seconds
            yield FtpServer(client, enter, self._settings.idle_seconds)
        except ContactsSyncError:
            raise
        except FAILURES as error:
            raise explained(error, link) from error
        finally:
            if client is not None:
                client.close()

    async def _connected(
        self, addresses: list[str], link: Link, credentials: Credentials, enter: EnterStep
    ) -> FtpClient:
        context = self._trust.context(credentials.ca_certificate) if link.scheme != "ftp" else None
        last: OSError | None = None
        enter("connect")
        for address in addresses:
            client = FtpClient(
                context, link.host, implicit=link.scheme == "ftpsi", seconds=self._settings.connect_seconds
            )
            try:
                await client.connect(address, link.port)
            except OSError as error:
                client.close()
                last = error
            except BaseException:
                client.close()
                raise
            else:
                return client
        raise last or OSError("no address")

    async def _log_in(self, client: FtpClient, link: Link, credentials: Credentials, enter: EnterStep) -> None:
        if link.scheme != "ftp":
            enter("tls")
            try:
                await client.secure()
            except aioftp.StatusCodeError as error:
                message = f"{link.host} offers no TLS on port {link.port}. Use ftpsi or ftp if that is what it speaks."
                raise UserError("tls_failed", message) from error
        enter("login")
        await client.login(credentials.login or "", credentials.password or "")


class FtpServer:
    """One connection; implements `RemoteServer`."""

    host_key: str | None = None

    def __init__(self, client: FtpClient, enter: EnterStep, idle_seconds: float) -> None:
        self._client = client
        self._enter = enter
        self._idle_seconds = idle_seconds

    async def list_files(self, link: Link, wanted: Callable[[str], bool]) -> list[ListedFile]:
        """Return plain files of the folder: by MLSD, or by name and then one by one where there is no MLSD."""
        self._enter("path")
        folder = str(PurePosixPath(link.path).parent)
        async with self._answering(link):
            try:
                lines = await self._lines(f"MLSD {folder}")
            except aioftp.StatusCodeError as error:
                if not error.received_codes[-1].startswith("50"):
                    raise
                return await self._listed_by_name(folder, wanted)
            listed = [self._client.parse_mlsx_line(line) for line in lines]
        return [
            ListedFile(path.name, FileState(size=_size(about.get("size", "")), modified=_time(about.get("modify", ""))))
            for path, about in listed
            if about.get("type") == "file" and _plain(path.name) and wanted(path.name)
        ]

    async def state(self, link: Link) -> FileState:
        """Return what SIZE and MDTM say; servers that know neither leave both unknown."""
        self._enter("path")
        async with self._answering(link):
            return await self._state(link.path)

    @asynccontextmanager
    async def open(
        self,
        link: Link,
        *,
        offset: int = 0,
        expected: FileState | None = None,
        known: FileState | None = None,  # noqa: ARG002 - FTP has no validators
    ) -> AsyncIterator[OpenFile]:
        """Open a file for reading."""
        state = await self.state(link)
        if offset and expected is not None and not expected.same_file(state):
            raise TransientError("file_changing", f"The file on {link.host} is no longer the one that was begun.")
        async with self._answering(link):
            try:
                stream = await self._client.get_stream(f"RETR {link.path}", offset=offset)
            except aioftp.StatusCodeError as error:
                if offset and error.received_codes[-1].startswith("50"):
                    message = f"{link.host} broke off, and cannot send the rest of a file."
                    raise TransientError("resume_refused", message) from error
                raise
        try:
            yield OpenFile(state, self._blocks(link, stream, None if state.size is None else state.size - offset))
        finally:
            stream.close()

    async def _blocks(
        self, link: Link, stream: aioftp.DataConnectionThrottleStreamIO, announced: int | None
    ) -> AsyncIterator[bytes]:
        """Read to the end, which counts only when the server confirms it on the control connection."""
        received = 0
        while True:
            async with self._answering(link):
                block = await stream.reader.read(_BLOCK)
            if not block:
                break
            received += len(block)
            yield block
        stream.close()
        async with self._answering(link):
            await self._client.command(None, "2xx")
        if announced is not None and received < announced:
            raise TransientError("connection_lost", f"{link.host} sent less of the file than it announced.")

    async def _listed_by_name(self, folder: str, wanted: Callable[[str], bool]) -> list[ListedFile]:
        names = {
            PurePosixPath(line.decode(errors="replace").strip()).name for line in await self._lines(f"NLST {folder}")
        }
        listed = []
        for name in names:
            if not (_plain(name) and wanted(name)):
                continue
            try:
                listed.append(ListedFile(name, await self._state(str(PurePosixPath(folder) / name))))
            except aioftp.StatusCodeError as error:
                if error.received_codes[-1] != "550":  # a folder, or gone meanwhile
                    raise
        return listed

    async def _lines(self, command: str) -> list[bytes]:
        stream = await self._client.get_stream(command)
        lines: list[bytes] = []
        try:
            while line := await stream.reader.readline():
                lines.append(line)
                if len(lines) > _MOST_NAMES:
                    raise UserError("folder_too_large", f"The folder holds more than {_MOST_NAMES:,} files.")
        finally:
            stream.close()
        await self._client.command(None, "2xx")
        return lines

    async def _state(self, path: str) -> FileState:
        await self._client.command("TYPE I", "200")
        return FileState(
            size=_size(await self._asked(f"SIZE {path}")), modified=_time(await self._asked(f"MDTM {path}"))
        )

    async def _asked(self, command: str) -> str:
        try:
            _, lines = await self._client.command(command, "213")
        except aioftp.StatusCodeError as error:
            if error.received_codes[-1].startswith("50"):
                return ""
            raise
        return lines[-1]

    @asynccontextmanager
    async def _answering(self, link: Link) -> AsyncIterator[None]:
        """Give the server its time, and turn what goes wrong into errors of ours."""
        try:
            async with asyncio.timeout(self._idle_seconds):
                yield
        except FAILURES as error:
            raise explained(error, link) from error


def _size(text: str) -> int | None:
    found = _SIZE.fullmatch(text)
    return int(found[1]) if found else None


def _time(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _plain(name: str) -> bool:
    return bool(name) and name.isprintable() and "/" not in name and "\ufffd" not in name
