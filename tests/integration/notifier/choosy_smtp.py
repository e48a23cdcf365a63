"""A mail server that answers each address as told, can hold a mail back, and speaks TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.ports import LOOPBACK

LOGIN, PASSWORD = "me@example.org", "c4n4ry/p:w"


@dataclass
class ChoosyServer:
    """What the server does: `answers` to addresses, `holds` mails until `release` is set; whom it took mails for."""

    answers: dict[str, str] = field(default_factory=dict)
    holds: bool = False
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[tuple[str, ...]] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    port: int = 0
    connections: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds the hook by this name
        self, _smtp: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _smtp: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        if self.holds:
            self.holding.set()
            await self.release.wait()
        self.taken.append(tuple(envelope.rcpt_tos))
        return "250 OK"

    def authenticated(self, *asked: object) -> AuthResult:
        given = asked[-1]
        right = given == LoginPassword(LOGIN.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def serving(
    choosy: ChoosyServer,
    *,
    starttls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
    utf8: bool = False,
) -> AsyncIterator[ChoosyServer]:
    """Serve on a free loopback port; a login is offered under TLS only."""
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        choosy.connections += 1
        return SMTP(
            choosy,
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=choosy.authenticated,
            auth_require_tls=implicit_tls is None,
            enable_SMTPUTF8=utf8,
        )

    server = await loop.create_server(
        connected,
        LOOPBACK,
        0,
        ssl=implicit_tls,
    )
    choosy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield choosy
