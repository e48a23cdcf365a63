"""Links to remote files: their one canonical reading, and the credentials each kind needs."""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args
from urllib.parse import quote, unquote

from shared.errors import UserError
from shared.rules.host import canonical_host
from shared.rules.trimming import is_blank, trim

Scheme = Literal["http", "https", "ftp", "ftps", "ftpsi", "sftp"]

_DEFAULT_PORTS: Final[dict[str, int]] = {
    "http": 80,
    "https": 443,
    "ftp": 21,
    "ftps": 21,
    "ftpsi": 990,
    "sftp": 22,
}
_WEB: Final = frozenset({"http", "https"})

_PARTS: Final = re.compile(r"([^:/?#@]*)://([^/?#]*)(.*)", re.DOTALL)
_PORT: Final = re.compile(r"[0-9]{1,5}")
_MAX_PORT: Final = 65535
_CONTROL: Final = re.compile(r"[\0-\x1f\x7f-\x9f]")
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Link:
    """A link without credentials.

    `host` is lower-case ASCII, an IPv6 address without brackets. For http and https `path` and `query` are
    percent-encoded, ready to be sent; for the others `path` is the plain path on the server, always with a
    leading slash, and `query` is empty: question marks and number signs are part of a file's name there.
    """

    scheme: Scheme
    host: str
    port: int
    path: str
    query: str

    @property
    def is_web(self) -> bool:
        """Whether a web server is asked, which has no folders to look through."""
        return self.scheme in _WEB

    @property
    def url(self) -> str:
        """The canonical text, which `parse_link` reads as this link again."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        path = self.path if self.is_web else quote(self.path, safe="/!$&'()*+,;=:@-._~")
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{host}{port}{path}{query}"


def parse_link(url: str) -> Link:
    """Read a link as people type it; white space around it is left out, a fragment too.

    Raises UserError about `source.url`: `link_backslash`, `link_scheme`, `link_host_missing`,
    `link_path_missing`, `link_has_credentials` or `link_invalid`. No message repeats the link, which may hold
    a password.
    """
    text = trim(url)
    if "\\" in text:
        raise _error("link_backslash", 'The link has a backslash: only "/" may be used in a link')
    if _CONTROL.search(text) or any("\ud800" <= character <= "\udfff" for character in text):
        raise _error("link_invalid", "The link has characters that can't be in a link (control characters)")
    parts = _PARTS.fullmatch(text)
    scheme = (parts[1] if parts else text.partition(":")[0]).lower()
    if scheme not in _DEFAULT_PORTS:
        raise _error("link_scheme", f"The link has to begin with one of {_schemes()}")
    if parts is None:
        raise _error("link_invalid", f"Write the link as {scheme}://host/folder/file.csv")
    kind = cast("Scheme", scheme)
    host, port = _host_and_port(parts[2], _DEFAULT_PORTS[kind])
    if kind in _WEB:
        path, _, query = parts[3].partition("#")[0].partition("?")
        return Link(kind, host, port, _encoded(path) or "/", _encoded(query, also="?"))
    return Link(kind, host, port, _server_path(parts[3]), "")


def require_credentials(link: Link, *, login: str | None, has_password: bool, has_private_key: bool) -> None:
    """Refuse a link whose kind needs credentials that are not there; http and https need none.

    Raises UserError `login_missing`, `password_missing` or `private_key_unsupported`.
    """
    if has_private_key and link.scheme != "sftp":
        message = "A private key can be used with sftp only"
        raise UserError("private_key_unsupported", message, field="source.private_key")
    if link.is_web:
        return
    if login is None or is_blank(login):
        raise UserError("login_missing", f"A login is needed for {link.scheme}", field="source.login")
    if not has_password and not has_private_key:
        needed = "A password or a private key" if link.scheme == "sftp" else "A password"
        raise UserError("password_missing", f"{needed} is needed for {link.scheme}", field="source.password")


def _host_and_port(authority: str, default_port: int) -> tuple[str, int]:
    if "@" in authority:
        message = "The link has a login or password in it: use the fields for login and password instead"
        raise _error("link_has_credentials", message)
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        host += bracket
    else:
        host, colon, rest = authority.partition(":")
        rest = colon + rest
    if not host:
        raise _error("link_host_missing", "The link names no host: write it as scheme://host/folder/file.csv")
    port = default_port
    if rest not in ("", ":"):
        if not rest.startswith(":") or not _PORT.fullmatch(rest, 1) or not 1 <= int(rest[1:]) <= _MAX_PORT:
            raise _error("link_invalid", f"The port in the link has to be a number from 1 to {_MAX_PORT}")
        port = int(rest[1:])
    canonical = canonical_host(host)
    if canonical is None:
        raise _error("link_invalid", "The host in the link is neither a name nor an address")
    return canonical, port


def _server_path(text: str) -> str:
    try:
        path = unquote(_LONE_PERCENT.sub("%25", text), errors="strict")
    except UnicodeDecodeError:
        raise _error("link_invalid", "The escapes (%..) in the link are not UTF-8") from None
    if _CONTROL.search(path):
        raise _error("link_invalid", "The escapes (%..) in the link stand for control characters")
    if not path.startswith("/") or path.endswith("/"):
        message = "The link names no file: write it as scheme://host/folder/file.csv"
        raise _error("link_path_missing", message)
    return path


def _encoded(text: str, *, also: str = "") -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=f"/%!$&'()*+,;=:@-._~{also}")


def _schemes() -> str:
    return ", ".join(f"{scheme}://" for scheme in get_args(Scheme))


def _error(code: str, message: str) -> UserError:
    return UserError(code, message, field="source.url")
