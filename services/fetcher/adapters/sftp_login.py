"""Logging in by SSH: the server's key is checked first, and nothing of this machine's own ssh set-up is used."""

import asyncssh

from services.fetcher.adapters.sftp_errors import host_key_changed
from services.fetcher.ports import Credentials, EnterStep
from shared.errors import UserError
from shared.rules.link import Link

_KEY_FAMILIES = (
    ["ssh-ed25519"],
    ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    ["rsa-sha2-512", "rsa-sha2-256"],
)
"""Kinds of host keys: a server may have one of each, and shows the one that is agreed on."""

_LOCKED = ("BEGIN ENCRYPTED", ",ENCRYPTED")
"""What PEM says of a key with a passphrase."""

_CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"]
"""Those that processors help with first."""


class PinnedHost(asyncssh.SSHClient):
    """Accepts the pinned key only, or any where none is pinned yet; keeps what it saw."""

    def __init__(self, pinned: str | None, enter: EnterStep) -> None:
        self._pinned = pinned
        self._enter = enter
        self.seen: str | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:  # noqa: ARG002 - asyncssh's signature
        """Note that the connection stands."""
        self._enter("host_key")

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        """Compare the fingerprint; before this is true, no credentials go out."""
        self.seen = key.get_fingerprint()
        return self._pinned in {None, self.seen}

    def begin_auth(self, username: str) -> None:  # noqa: ARG002 - asyncssh's signature
        """Note that the key was accepted."""
        self._enter("login")


async def log_in(
    addresses: list[str], link: Link, credentials: Credentials, enter: EnterStep
) -> tuple[asyncssh.SSHClientConnection, str | None]:
    """Return a connection that is logged in, and the fingerprint the server showed; UserError `host_key_changed`.

    A server whose first key is not the pinned one is asked for its keys of the other kinds.
    """
    keys = private_keys(credentials)
    seen: str | None = None
    for algorithms in ([], *(_KEY_FAMILIES if credentials.host_key else ())):
        host = PinnedHost(credentials.host_key, enter)
        try:
            return await _connect(addresses, link, credentials, keys, host, algorithms), host.seen
        except asyncssh.HostKeyNotVerifiable:
            seen = seen or host.seen
        except (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost, OSError):  # servers without such a key hang up
            if seen is None:
                raise
    raise host_key_changed(link.host, credentials.host_key, seen)


async def _connect(
    addresses: list[str],
    link: Link,
    credentials: Credentials,
    keys: list[asyncssh.SSHKey] | None,
    host: PinnedHost,
    algorithms: list[str],
) -> asyncssh.SSHClientConnection:
    last: OSError | None = None
    for address in addresses:
        try:
            return await asyncssh.connect(
                address,
                link.port,
                client_factory=lambda: host,
                username=credentials.login or "",
                password=credentials.password,
                client_keys=keys,
                known_hosts=([], [], []),
                config=None,
                agent_path=None,
                gss_host=None,
                server_host_key_algs=algorithms or (),
                encryption_algs=_CIPHERS,
                compression_algs=["none"],
            )
        except OSError as error:
            last = error
    raise last or OSError("no address")


def private_keys(credentials: Credentials) -> list[asyncssh.SSHKey] | None:
    """Return the private key read; UserError `private_key_invalid`, `passphrase_missing` or `passphrase_wrong`."""
    if not credentials.private_key:
        return None
    try:
        return [asyncssh.import_private_key(credentials.private_key, credentials.passphrase)]
    except asyncssh.KeyEncryptionError as error:
        raise _passphrase_error(credentials) from error
    except asyncssh.KeyImportError as error:
        if any(mark in credentials.private_key for mark in _LOCKED) or "passphrase" in str(error).lower():
            raise _passphrase_error(credentials) from error
        raise UserError("private_key_invalid", "The private key cannot be read. Enter it anew.") from error


def _passphrase_error(credentials: Credentials) -> UserError:
    if credentials.passphrase:
        return UserError("passphrase_wrong", "The private key does not open with this passphrase. Enter it anew.")
    return UserError("passphrase_missing", "The private key is locked with a passphrase. Enter the passphrase too.")
