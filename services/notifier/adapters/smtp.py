"""Hands mails to a mail server by SMTP, several over one connection."""

import asyncio
import contextlib
from collections.abc import Sequence

import aiosmtplib

from services.notifier.domain.answers import ASCII_ONLY, Answer
from services.notifier.ports import Receipt
from services.notifier.settings import MailServer
from shared.errors import TransientError

COMMAND_SECONDS = 60.0
"""For the connection, and for each answer."""
TOTAL_SECONDS = 240.0
"""For one mail in all: while it lasts, a row of the database is locked."""
_MOST_MAILS = 100
"""Over one connection: servers end those that seem to have no end."""
_QUIT_SECONDS = 2.0
_TOO_LARGE = 552
_SMTP_ERRORS = (aiosmtplib.SMTPException, OSError, TimeoutError)
_NOT_BEGUN = (*_SMTP_ERRORS, ValueError)
"""A host name or a sender that cannot go over the wire raises ValueError; addresses and contents come after that."""


class SmtpConnection:
    """Fulfils `SendMail` for one mail server; the connection is made when it is needed, and kept until `close`."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None
        self._mails = 0

    async def send(self, content: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        """Return what the server said of each address.

        A login, a sender or TLS that the server refuses is the set-up's fault, not the mail's: the mail waits until
        someone has mended it. ValueError: an address or the content cannot go over the wire.
        """
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                client = await self._begun(content, sender, recipients)
                self._mails += 1
                receipt = await self._handed_over(client, content, recipients)
        except TimeoutError as error:
            self._drop()
            raise self._cut(error) from error
        except BaseException:
            self._drop()
            raise
        if self._mails >= _MOST_MAILS:
            await self.close()
        return receipt

    async def close(self) -> None:
        """Take leave of the server."""
        if self._client is not None:
            # The mails are the server's by now: nothing that follows may look like a failure.
            with contextlib.suppress(*_SMTP_ERRORS):
                await self._client.quit(timeout=_QUIT_SECONDS)
            self._drop()

    async def _begun(self, content: bytes, sender: str, recipients: Sequence[str]) -> aiosmtplib.SMTP:
        """Return a connection on which a mail is begun; one that the server has ended meanwhile is made anew."""
        if self._client is not None:
            try:
                await _begin(self._client, content, sender, recipients)
            except _NOT_BEGUN:
                self._drop()
            else:
                return self._client
        try:
            client = self._client = await self._connected()
            await _begin(client, content, sender, recipients)
        except _NOT_BEGUN as error:
            raise _explained(error, self._server) from error
        return client

    async def _connected(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.login,
            password=server.password.get_secret_value() if server.password else None,
            use_tls=server.tls == "implicit",
            start_tls={"required": True, "offered": None}.get(server.tls, False),
            timeout=COMMAND_SECONDS,
        )
        self._mails = 0
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    async def _handed_over(self, client: aiosmtplib.SMTP, content: bytes, recipients: Sequence[str]) -> Receipt:
        try:
            answers = {each: await _ask_for(client, each) for each in recipients}
            taken = [each for each, answer in answers.items() if answer is None]
            refusals = {each: answer for each, answer in answers.items() if answer is not None}
            may_be_ours = all(answer is not None and answer.may_be_ours for answer in answers.values())
            if any(answer.wants_login for answer in refusals.values()):
                raise self._unwilling(refusals)
            if taken:
                try:
                    await client.data(content)
                except aiosmtplib.SMTPDataError as error:
                    answer = Answer.of(error.code, error.message)
                    refusals |= dict.fromkeys(taken, answer)
                    if answer.wants_login:
                        raise self._unwilling(refusals) from error
                    taken = []
        except _SMTP_ERRORS as error:
            raise self._cut(error) from error
        if not taken:
            with contextlib.suppress(*_SMTP_ERRORS):
                await client.rset()
        return Receipt(
            refused={each: answer for each, answer in refusals.items() if answer.is_final},
            deferred={each: answer for each, answer in refusals.items() if not answer.is_final},
            may_be_ours=may_be_ours,
        )

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _cut(self, error: Exception) -> TransientError:
        what = "it did not answer in time" if isinstance(error, TimeoutError) else "the connection was lost"
        return TransientError("mail_cut", f"The mail server {_where(self._server)} did not take the mail: {what}.")

    def _unwilling(self, refusals: dict[str, Answer]) -> TransientError:
        numbers = ", ".join(sorted({answer.numbers for answer in refusals.values() if answer.wants_login}))
        message = f"The mail server {_where(self._server)} wants a login or TLS ({numbers})."
        return TransientError("mail_login_refused", message)


async def _begin(client: aiosmtplib.SMTP, content: bytes, sender: str, recipients: Sequence[str]) -> None:
    """Tell the server that a mail follows, how large it is, and whether its addresses are all in ASCII."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()
    options = [f"SIZE={len(content)}"] if client.supports_extension("size") else []
    is_utf8 = client.supports_extension("smtputf8") and not all(map(str.isascii, recipients))
    options += ["SMTPUTF8"] if is_utf8 else []
    await client.mail(sender, options=options, encoding="utf-8" if is_utf8 else "ascii")


async def _ask_for(client: aiosmtplib.SMTP, address: str) -> Answer | None:
    """Ask the server to take the mail for an address; None: it will."""
    if not address.isascii() and not client.supports_extension("smtputf8"):
        return ASCII_ONLY
    try:
        await client.rcpt(address, encoding="ascii" if address.isascii() else "utf-8")
    except aiosmtplib.SMTPRecipientRefused as error:
        return Answer.of(error.code, error.message)
    return None


def _where(server: MailServer) -> str:
    return f"{server.host}, port {server.port}"


def _explained(error: Exception, server: MailServer) -> TransientError:
    """Return the error in words for those who operate the system; without addresses, which servers like to repeat."""
    where = _where(server)
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return TransientError("mail_login_refused", f"The mail server {where} refused the login ({error.code}).")
        case aiosmtplib.SMTPSenderRefused() if error.code == _TOO_LARGE:
            return TransientError("mail_cut", f"The mail server {where} finds the mail too large ({error.code}).")
        case aiosmtplib.SMTPSenderRefused():
            return TransientError(
                "mail_sender_refused",
                f"The mail server {where} refused the sender ({error.code}): does it want a login, or another sender?",
            )
        case UnicodeError():
            message = f"The name of the mail server {where}, or the sender, cannot go over the wire: mend the settings."
            return TransientError("mail_settings_wrong", message)
        case aiosmtplib.SMTPResponseException():
            return TransientError("mail_server_unwilling", f"The mail server {where} answered {error.code}.")
        case _:
            return TransientError(
                "mail_server_unreachable", f"The mail server {where} cannot be used for now: {error or 'no answer'}."
            )
