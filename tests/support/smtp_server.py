"""A mail server that keeps what it is sent, and refuses when told to."""

import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.ports import LOOPBACK, free_port

_TRY_LATER = "451 4.3.0 Try again later"


@dataclass(frozen=True)
class ReceivedMail:
    """One accepted mail: its envelope, and the message as parsed and as it came."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes


class SmtpServer:
    """A mail server on a free loopback port, in a thread of its own; with a `login`, that is demanded.

    It keeps its port and mails over `stop` and a new `start`.
    """

    def __init__(self, *, login: str | None = None, password: str | None = None) -> None:
        if (login is None) != (password is None):
            raise ValueError("give both a login and a password, or neither")
        self.login = login
        self.password = password
        self.port = free_port()
        self._lock = threading.Lock()
        self._mails: list[ReceivedMail] = []
        self._refusals_left = 0
        self._refused = 0
        self._reply = _TRY_LATER
        self._controller: Any = None

    @property
    def url(self) -> str:
        """`smtp://…`, with login and password where there are any."""
        credentials = ""
        if self.login is not None and self.password is not None:
            credentials = f"{quote(self.login, safe='')}:{quote(self.password, safe='')}@"
        return f"smtp://{credentials}{LOOPBACK}:{self.port}"

    @property
    def mails(self) -> list[ReceivedMail]:
        """The mails accepted so far, oldest first."""
        with self._lock:
            return list(self._mails)

    @property
    def refused(self) -> int:
        """How many mails were refused so far because `refuse_next` said so."""
        with self._lock:
            return self._refused

    def refuse_next(self, count: int, *, reply: str = _TRY_LATER) -> None:
        """Answer the data of the next `count` mails with `reply`, an SMTP status and text, and drop them."""
        with self._lock:
            self._refusals_left = count
            self._reply = reply

    def start(self) -> None:
        """Start, and return when it greets."""
        if self._controller is not None:
            raise RuntimeError(f"the mail server already runs on port {self.port}")
        controller = Controller(
            _Handler(self),
            hostname=LOOPBACK,
            port=self.port,
            ready_timeout=10,
            authenticator=self._authenticated,
            auth_require_tls=False,
        )
        controller.start()
        self._controller = controller

    def stop(self) -> None:
        """Stop; a stopped server is left as it is."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def receive(self, mail: ReceivedMail) -> str:
        """Keep the mail or drop it, as told, and return the reply for its sender."""
        with self._lock:
            if self._refusals_left > 0:
                self._refusals_left -= 1
                self._refused += 1
                return self._reply
            self._mails.append(mail)
            return "250 OK"

    def _authenticated(self, *asked: object) -> AuthResult:
        """Judge a login; aiosmtpd hands in the server, session, envelope, mechanism and what was given."""
        given = asked[-1]
        if self.login is None or self.password is None or not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        right = given == LoginPassword(self.login.encode(), self.password.encode())
        return AuthResult(success=right, handled=False)


class _Handler:
    """aiosmtpd's hooks; their names are its own.

    The login is demanded here: aiosmtpd's own switch warns about that without TLS, and warnings are errors.
    """

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds the hook by this name
        self, _smtp: Any, session: Any, envelope: Any, address: str, mail_options: list[str]
    ) -> str:
        if self._server.login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_DATA(self, _smtp: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        raw = bytes(envelope.original_content)
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        return self._server.receive(ReceivedMail(envelope.mail_from, tuple(envelope.rcpt_tos), message, raw))
