"""`contacts-sync test-mail`: a mail that shows whether mails arrive, sent by this machine itself."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from services.cli.failure import told
from services.notifier.adapters.smtp import SmtpConnection
from services.notifier.domain.recipients import addresses_of
from services.notifier.domain.sample_mail import compose_test
from services.notifier.settings import NotifierSettings, Settings
from shared.clock import SystemClock
from shared.errors import PermanentError, TransientError, UserError
from shared.ids import new_id

app = typer.Typer(add_completion=False, help="Send a test mail, and say what the mail server answers.")


@app.command()
def test_mail(address: Annotated[str, typer.Argument(help="Who is to get it")]) -> None:
    """Send a test mail with the notifier's settings (CONTACTS_SYNC_NOTIFIER__…), and say what the server answered.

    Exit status 0: the mail server took it. 1: it did not, or cannot be reached.
    """
    with told():
        recipients = addresses_of([address])
        if not recipients:
            raise UserError("email_invalid", f'"{address[:320]}" is not an e-mail address.')
        settings = Settings.load().notifier
        asyncio.run(_send(settings, new_id(), recipients))
    server = settings.server
    typer.echo(f"The mail server {server.host}, port {server.port} took the mail for {recipients[0]}.")


async def _send(settings: NotifierSettings, mail_id: UUID, recipients: tuple[str, ...]) -> None:
    message = compose_test(mail_id, SystemClock().now(), recipients, sender=settings.sender)
    connection = SmtpConnection(settings.server)
    try:
        receipt = await connection.send(message.as_bytes(), settings.sender_address, recipients)
    finally:
        await connection.close()
    for answer in receipt.refused.values():
        raise PermanentError("mail_refused", f"The mail was refused: {answer.words}.")
    for answer in receipt.deferred.values():
        raise TransientError("mail_deferred", f"The mail was put off: {answer.words}. The notifier would try again.")
