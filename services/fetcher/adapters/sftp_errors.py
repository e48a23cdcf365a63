"""What asyncssh raises, as errors of ours; messages of libraries may hold credentials and are not repeated."""

import asyncssh

from shared.errors import TransientError, UserError
from shared.rules.link import Link

FAILURES = (asyncssh.Error, asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError)


def explained(error: Exception, link: Link) -> UserError | TransientError:
    """Return the same failure as ours."""
    if isinstance(error, asyncssh.SFTPError):
        return _path_error(error, link)
    match error:
        case asyncssh.PermissionDenied():
            return UserError("login_refused", f"{link.host} refused the login. Check login and password or key.")
        case asyncssh.ProtocolError() | asyncssh.KeyExchangeFailed():
            return UserError(
                "server_garbled", f"What answers on {link.host}, port {link.port}, does not speak SFTP. Check the link."
            )
        case ConnectionRefusedError():
            return TransientError("connection_refused", f"Nothing answers on {link.host}, port {link.port}.")
        case _:
            return TransientError("connection_lost", f"The connection to {link.host} failed or was cut.")


def too_slow(link: Link, *, connected: bool) -> TransientError:
    """Return the error for a server that let a time limit pass."""
    code = "server_stalled" if connected else "connect_timeout"
    return TransientError(code, f"{link.host} did not answer in time.")


def host_key_changed(host: str, pinned: str | None, seen: str | None) -> UserError:
    """Return the error for a server that is not, or no longer, the one that was trusted."""
    return UserError(
        "host_key_changed",
        f"{host} shows another host key than before: {seen} instead of {pinned}. If the server was set up anew, "
        "enter the new fingerprint in the import; otherwise somebody may be listening in.",
    )


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
