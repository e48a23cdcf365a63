"""What the fetcher needs from outside."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.rules.link import Link


@dataclass(frozen=True)
class Credentials:
    """What a server is told, in clear, and what it must show; lives only as long as the download."""

    login: str | None = None
    password: str | None = None
    private_key: str | None = None
    host_key: str | None = None
    ca_certificate: str | None = None

    def __repr__(self) -> str:
        """Show nothing: a repr may end in a log."""
        return "Credentials(…)"


@dataclass
class RemoteFile:
    """An open remote file: its bytes as they come, its size where the server says one, the server's key for SFTP."""

    blocks: AsyncIterator[bytes]
    size: int | None = None
    host_key: str | None = None


class FileTransport(Protocol):
    """Opens files of one protocol.

    Raises UserError for what a person has to mend (login, path, key, certificate) and TransientError for what may
    pass (a stall, a cut connection, an overloaded server), on opening and while the blocks are read.
    """

    def open(self, link: Link, credentials: Credentials) -> AbstractAsyncContextManager[RemoteFile]:
        """Open a file for reading."""
