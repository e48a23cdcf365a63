"""What the fetcher needs from outside: servers that files lie on."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from shared.rules.link import Link

Step = Literal["address", "connect", "tls", "host_key", "login", "path", "read", "stable"]
"""The steps to a file, in this order; a plain protocol has no `tls`, and only SFTP has `host_key`."""

EnterStep = Callable[[Step], None]
"""Is told of each step as it begins: what fails from then on failed in that step."""


@dataclass(frozen=True)
class Credentials:
    """What a server is told, in clear, and what it must show; lives only as long as the download."""

    login: str | None = None
    password: str | None = None
    bearer_token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    private_key: str | None = None
    passphrase: str | None = None
    host_key: str | None = None
    ca_certificate: str | None = None

    def __repr__(self) -> str:
        """Show nothing: a repr may end in a log."""
        return "Credentials(…)"


@dataclass(frozen=True)
class FileState:
    """What a server says of a file without handing it out; each part is None where the server does not say it.

    `etag` and `last_modified` are HTTP's, word for word; `modified` is the same time read, or a file system's.
    """

    size: int | None = None
    modified: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None

    def same_file(self, other: "FileState") -> bool:
        """Tell whether size and time are the same in both, as far as both say them."""
        return all(
            one is None or another is None or one == another
            for one, another in ((self.size, other.size), (self.modified, other.modified))
        )


@dataclass(frozen=True)
class ListedFile:
    """A file in a folder: its bare name, and what is known of it."""

    name: str
    state: FileState


@dataclass
class OpenFile:
    """An open remote file: what the server says of it, and its bytes as they come, from the offset asked for."""

    state: FileState
    blocks: AsyncIterator[bytes]


class RemoteServer(Protocol):
    """One connection, logged in; for HTTP a client that connects with each request.

    All methods raise UserError for what a person has to mend (login, path, key, certificate) and TransientError for
    what may pass (a stall, a cut connection, an overloaded server); `open` also while the blocks are read: blocks
    that merely end are a whole file.
    """

    host_key: str | None
    """The fingerprint that an SFTP server showed."""

    async def list_files(self, link: Link, wanted: Callable[[str], bool]) -> list[ListedFile]:
        """Return the plain files, of those whose names are wanted, of the folder that the link's file lies in.

        UserError `pattern_unsupported` where the protocol has no folders.
        """

    async def state(self, link: Link) -> FileState | None:
        """Return what the server says of a file now; None where it cannot say."""

    def open(
        self, link: Link, *, offset: int = 0, expected: FileState | None = None, known: FileState | None = None
    ) -> AbstractAsyncContextManager[OpenFile | None]:
        """Open a file for reading from an offset on.

        With an offset comes `expected`, the state of the file whose first bytes are there: TransientError
        `file_changing` where it is no longer that file, or `resume_refused` where the server cannot begin inside a
        file. With `known`, an HTTP server that says that the file is still that one yields None.
        """


class FileTransport(Protocol):
    """Connects to the servers of one protocol."""

    def connect(
        self, link: Link, credentials: Credentials, enter: EnterStep
    ) -> AbstractAsyncContextManager[RemoteServer]:
        """Connect and log in; fails as the server's methods do, and says each step before it is taken."""
