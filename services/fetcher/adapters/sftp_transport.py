"""SFTP by asyncssh, cut off from the machine's own ssh files and agent; the server's key is pinned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh

from services.fetcher.adapters.addresses import AddressRule
from services.fetcher.ports import Credentials, RemoteFile
from services.fetcher.settings import FetcherSettings
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.rules.link import Link

_BLOCK = 256 * 1024
_AHEAD = 8
"""Blocks asked for at once; asyncssh's own reading of whole files may take hundreds of megabytes."""


class _PinnedHost(asyncssh.SSHClient):
    """Accepts the pinned key only, or any where none is pinned yet; keeps what it saw."""

    def __init__(self, pinned: str | None) -> None:
        self.pinned = pinned
        self.seen: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        self.seen = key.get_fingerprint()
        return self.pinned in {None, self.seen}


class SftpTransport:
    """Opens files on SFTP servers."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._addresses = AddressRule(settings.allowed_networks)

    @asynccontextmanager
    async def open(self, link: Link, credentials: Credentials) -> AsyncIterator[RemoteFile]:
        """Open a file; its blocks raise TransientError when the server stalls or goes away."""
        host = _PinnedHost(credentials.host_key)
        connected = False
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                addresses = await self._addresses.resolve(link.host, link.port)
                connection = await self._connect(addresses, link.port, credentials, host)
                connected = True
            async with connection, connection.start_sftp_client() as sftp, sftp.open(link.path, "rb") as file:
                before = await file.stat()
                blocks = self._blocks(sftp, link, file, before)
                yield RemoteFile(blocks=blocks, size=before.size, host_key=host.seen)
        except ContactsSyncError:
            raise
        except asyncssh.HostKeyNotVerifiable as error:
            raise _host_key_changed(link.host, credentials.host_key, host.seen) from error
        except TimeoutError as error:
            raise TransientError(
                "server_stalled" if connected else "connect_timeout",
                f"{link.host} did not answer in time.",
            ) from error
        except (asyncssh.Error, asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError) as error:
            raise _explained(error, link) from error

    async def _connect(
        self, addresses: list[str], port: int, credentials: Credentials, host: _PinnedHost
    ) -> asyncssh.SSHClientConnection:
        keys = [asyncssh.import_private_key(credentials.private_key)] if credentials.private_key else None
        last: OSError | None = None
        for address in addresses:
            try:
                return await asyncssh.connect(
                    address,
                    port,
                    client_factory=lambda: host,
                    username=credentials.login or "",
                    password=credentials.password,
                    client_keys=keys,
                    known_hosts=b"",
                    config=None,
                    agent_path=None,
                    keepalive_interval=self._settings.idle_seconds / 3,
                )
            except OSError as error:
                last = error
        raise last or OSError("no address")

    async def _blocks(
        self, sftp: asyncssh.SFTPClient, link: Link, file: asyncssh.SFTPClientFile, before: asyncssh.SFTPAttrs
    ) -> AsyncIterator[bytes]:
        """Read in order with several requests on their way, then see that the file was not written to meanwhile."""
        waiting: list[asyncio.Task[bytes]] = []
        asked = 0
        try:
            while True:
                while len(waiting) < _AHEAD and asked <= (before.size or 0):
                    waiting.append(asyncio.ensure_future(file.read(_BLOCK, asked)))
                    asked += _BLOCK
                if not waiting:
                    break
                async with asyncio.timeout(self._settings.idle_seconds):
                    block = await waiting.pop(0)
                if not block:
                    break
                yield block
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        after = await sftp.stat(link.path)
        if (after.size, after.mtime) != (before.size, before.mtime):
            raise TransientError("file_changing", "The file was still being written while it was read.")


def _host_key_changed(host: str, pinned: str | None, seen: str | None) -> UserError:
    return UserError(
        "host_key_changed",
        f"{host} shows another host key than before: {seen} instead of {pinned}. If the server was set up anew, "
        "enter the new fingerprint in the import; otherwise somebody may be listening in.",
    )


def _explained(error: Exception, link: Link) -> UserError | TransientError:
    """Return the same failure as ours; messages of libraries may hold credentials and are not repeated."""
    if isinstance(error, asyncssh.SFTPError):
        return _path_error(error, link)
    match error:
        case asyncssh.PermissionDenied():
            return UserError("login_refused", f"{link.host} refused the login. Check login and password or key.")
        case asyncssh.KeyImportError() | asyncssh.KeyEncryptionError():
            return UserError("private_key_invalid", "The private key cannot be read. Enter it anew.")
        case ConnectionRefusedError():
            return TransientError("connection_refused", f"Nothing answers on {link.host}, port {link.port}.")
        case _:
            return TransientError("connection_lost", f"The connection to {link.host} failed or was cut.")


def _path_error(error: asyncssh.SFTPError, link: Link) -> UserError | TransientError:
    match error:
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            return UserError("file_not_found", f"{link.host} has no file {link.path}. Check the link.")
        case asyncssh.SFTPPermissionDenied():
            return UserError("file_forbidden", f"{link.host} does not let this login read {link.path}.")
        case asyncssh.SFTPNoConnection() | asyncssh.SFTPConnectionLost():
            return TransientError("connection_lost", f"The connection to {link.host} was cut.")
        case _:
            return UserError("file_unreadable", f"{link.host} could not open {link.path}: is it a file?")
