"""What goes wrong with FTP servers, as errors of ours; nothing that a server says is repeated."""

import aioftp

from services.fetcher.adapters.ftp_client import GarbledAnswerError
from services.fetcher.adapters.tls_errors import tls_refused
from shared.errors import TransientError, UserError
from shared.rules.link import Link

FAILURES = (aioftp.AIOFTPException, GarbledAnswerError, OSError, EOFError, ValueError, IndexError, OverflowError)


def explained(error: Exception, link: Link) -> UserError | TransientError:
    """Return the same failure as ours."""
    match error:
        case aioftp.StatusCodeError():
            return _refused(error.received_codes[-1], link)
        case TimeoutError():
            return TransientError("server_stalled", f"{link.host} did not answer in time.")
        case ConnectionRefusedError():
            return TransientError("connection_refused", f"Nothing answers on {link.host}, port {link.port}.")
        case OSError() | EOFError():
            lost = TransientError("connection_lost", f"The connection to {link.host} failed or was cut.")
            return tls_refused(error, link) or lost
        case _:
            return UserError(
                "server_garbled", f"What answers on {link.host}, port {link.port}, does not speak FTP. Check the link."
            )


def _refused(code: aioftp.Code, link: Link) -> UserError | TransientError:
    match str(code):
        case "530" | "430" | "331" | "332" | "532":
            return UserError("login_refused", f"{link.host} refused the login. Check login and password.")
        case "550" | "553":
            return UserError("file_not_found", f"{link.host} has no file {link.path} that this login may read.")
        case "421" | "425" | "426" | "450" | "451" | "452":
            return TransientError("server_error", f"{link.host} answered that it cannot serve the file now ({code}).")
        case "522" | "521" | "533" | "534" | "535" | "536":
            return UserError("tls_failed", f"{link.host} does not take this kind of TLS ({code}). Try another scheme.")
        case other if other.isdecimal() and other.isascii():
            return UserError("server_refused", f"{link.host} answered {other} instead of the file.")
        case _:
            return explained(GarbledAnswerError(), link)
