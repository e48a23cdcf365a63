"""Hands mails to a mail server by SMTP, one connection for each mail."""

import asyncio
import contextlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import parseaddr

import aiosmtplib

from services.notifier.ports import Receipt
from services.notifier.settings import MailServer
from shared.errors import ContactsSyncError, PermanentError, TransientError

COMMAND_SECONDS = 60.0
"""For the connection, and for each answer."""
TOTAL_SECONDS = 240.0
"""For one mail in all: while it lasts, a row of the database is locked."""
_QUIT_SECONDS = 2.0
_PERMANENT = 500
_WANTS_LOGIN = frozenset({530, 534, 535, 538})
"""Answers that mean our login or TLS, not an address, whatever they answer (RFC 4954)."""


class SmtpSender:
    """Fulfils `SendMail` for one mail server."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def __call__(self, message: EmailMessage, recipients: Sequence[str]) -> Receipt:
        """Return once the server has taken the mail for at least one address.

        A login, a sender or TLS that the server refuses is the set-up's fault, not the mail's: TransientError, so that
        the mail waits until someone has mended it.
        """
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
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await client.connect()
                receipt = await _hand_over(client, message, recipients)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _explained(error, server) from error
        else:
            # The mail is the server's by now: nothing that follows may look like a failure.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_QUIT_SECONDS)
            return receipt
        finally:
            client.close()


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage, recipients: Sequence[str]) -> Receipt:
    sender = parseaddr(str(message["From"]))[1]
    possible = list(recipients)
    try:
        answers, _ = await client.send_message(message, sender=sender, recipients=possible)
    except aiosmtplib.SMTPNotSupported:
        # Letters outside ASCII before the @ need a server that takes them; the other addresses are not to suffer.
        possible = [address for address in recipients if address.isascii()]
        if not possible:
            raise PermanentError("mail_refused", "The mail server takes ASCII addresses only.") from None
        answers, _ = await client.send_message(message, sender=sender, recipients=possible)
    deferred = tuple(address for address, answer in answers.items() if not _is_final(answer.code))
    return Receipt(refused=len(recipients) - len(possible) + len(answers) - len(deferred), deferred=deferred)


def _is_final(code: int) -> bool:
    return code >= _PERMANENT and code not in _WANTS_LOGIN


def _explained(error: Exception, server: MailServer) -> ContactsSyncError:
    """Return the error in words for those who operate the system; without addresses, which servers like to repeat."""
    where = f"{server.host}, port {server.port}"
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _refusal([refused.code for refused in error.recipients], where)
        case aiosmtplib.SMTPDataError():
            return _refusal([error.code], where)
        case aiosmtplib.SMTPAuthenticationError():
            return TransientError("mail_login_refused", f"The mail server {where} refused the login ({error.code}).")
        case aiosmtplib.SMTPSenderRefused():
            return TransientError(
                "mail_sender_refused",
                f"The mail server {where} refused the sender ({error.code}): does it want a login, or another sender?",
            )
        case aiosmtplib.SMTPResponseException():
            return TransientError("mail_server_unwilling", f"The mail server {where} answered {error.code}.")
        case _:
            return TransientError(
                "mail_server_unreachable", f"The mail server {where} cannot be used for now: {error or 'no answer'}."
            )


def _refusal(codes: list[int], where: str) -> ContactsSyncError:
    answers = ", ".join(sorted({str(code) for code in codes}))
    if any(code in _WANTS_LOGIN for code in codes):
        return TransientError("mail_login_refused", f"The mail server {where} wants a login or TLS ({answers}).")
    if all(map(_is_final, codes)):
        return PermanentError("mail_refused", f"The mail server {where} refused the mail for good ({answers}).")
    return TransientError("mail_deferred", f"The mail server {where} does not take the mail for now ({answers}).")
