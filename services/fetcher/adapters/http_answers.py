"""What web servers answer: states of files, refusals, and failures, as this system tells them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from services.fetcher.adapters.tls_errors import tls_refused
from services.fetcher.ports import FileState
from shared.errors import TransientError, UserError
from shared.rules.link import Link

_TEMPORARY: Final = frozenset({408, 425, 429})
_SERVER_ERRORS: Final = 500
_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,256}")
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_SAID_NOW: Final = timedelta(seconds=2)
"""A file modified as late as its answer was made is one that a program wrote for this answer."""


def file_state(response: httpx.Response) -> FileState:
    """Return what the headers say of the file; they come from outside, and what cannot be is passed over."""
    headers = response.headers
    last_modified = _validator(headers.get("last-modified"))
    modified = _time(last_modified)
    answered = _time(headers.get("date")) or datetime.now(UTC)
    if modified is not None and modified > answered - _SAID_NOW:
        modified = None
    return FileState(
        size=_size(response), modified=modified, etag=_validator(headers.get("etag")), last_modified=last_modified
    )


def begins_at(response: httpx.Response) -> int | None:
    """Return the offset that a partial answer begins at."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    return int(found[1]) if found else None


def check_login(response: httpx.Response, link: Link) -> None:
    """Raise UserError `login_refused` where the server wants other credentials."""
    if response.status_code in {401, 407}:
        raise UserError(
            "login_refused", f"{link.host} refused the login ({response.status_code}). Check login and password."
        )


def check_found(response: httpx.Response, link: Link) -> None:
    """Raise for every answer that is not the file."""
    status = response.status_code
    if status == httpx.codes.FORBIDDEN:
        raise UserError("file_forbidden", f"{link.host} does not let this login read the file (403).")
    if status in {404, 410}:
        raise UserError("file_not_found", f"{link.host} has no such file ({status}). Check the link.")
    if status >= _SERVER_ERRORS or status in _TEMPORARY:
        raise TransientError("server_error", f"{link.host} answered that it cannot serve the file now ({status}).")
    if status not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        raise UserError("server_refused", f"{link.host} answered {status} instead of the file.")
    if response.headers.get("content-encoding", "identity").lower() not in {"identity", "gzip", "x-gzip"}:
        raise UserError("encoding_unknown", f"{link.host} sends the file in an encoding that nobody asked for.")


def explained(error: Exception, link: Link, *, answered: bool) -> UserError | TransientError:
    """Return the same failure as ours; `answered`: the server had begun to send the file."""
    match error:
        case httpx.ConnectTimeout():
            return TransientError("connect_timeout", f"{link.host} did not answer in time.")
        case httpx.TimeoutException():
            return TransientError("server_stalled", f"{link.host} did not answer in time.")
        case httpx.LocalProtocolError() | UnicodeError():
            return UserError("headers_invalid", "The import's own headers cannot be sent as they are. Check them.")
        case httpx.RemoteProtocolError() if not answered and "disconnected" not in str(error):
            return UserError(
                "server_garbled", f"What answers on {link.host}, port {link.port}, does not speak HTTP. Check the link."
            )
        case httpx.ConnectError():
            refused = TransientError("connection_refused", f"Nothing answers on {link.host}, port {link.port}.")
            return tls_refused(error, link) or refused
        case _:
            return TransientError("connection_lost", f"The connection to {link.host} failed or was cut.")


def _size(response: httpx.Response) -> int | None:
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        return int(found[2]) if found and found[2] != "*" else None
    length = response.headers.get("content-length", "")
    return int(length) if _NUMBER.fullmatch(length) else None


def _validator(text: str | None) -> str | None:
    return text if text is not None and _VALIDATOR.fullmatch(text) else None


def _time(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
