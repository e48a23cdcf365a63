"""Hears that a run has ended, or that an import needs a look, and sends the mail, where one is due."""

from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage

import structlog
from prometheus_client import Counter

from services.notifier.adapters.sent_mails import (
    RUN_MAILS,
    WARNING_MAILS,
    DueMail,
    Subject,
    claim,
    note_due,
    note_left,
    note_sent,
)
from services.notifier.domain.mail import compose
from services.notifier.domain.recipients import TELLING, addresses_of, recipients_of
from services.notifier.domain.warning_mail import compose_warning
from services.notifier.ports import SendMail
from shared.clock import Clock
from shared.errors import PermanentError, TransientError
from shared.events.import_warnings import ImportWarned
from shared.events.runs import ImportFinished
from shared.postgres.database import Connection, Database

GIVE_UP_AFTER = timedelta(days=1)
"""A mail that the server has put off for so long counts as refused."""
MAILS = Counter(
    "contacts_sync_mails",
    "Mails of runs by what became of them: sent, partly_sent, already_sent, deferred (tried again), refused",
    ["outcome"],
)
_log = structlog.get_logger("contacts_sync.notifier")


class NotifierHandlers:
    """The notifier's handlers; `sender` and `public_url` are those of the settings."""

    def __init__(
        self, database: Database, send: SendMail, clock: Clock, *, sender: str, public_url: str | None
    ) -> None:
        self._database = database
        self._send = send
        self._clock = clock
        self._sender = sender
        self._public_url = public_url

    async def on_import_finished(self, event: ImportFinished) -> None:
        """Send the run's mail, once however often the event comes.

        A crash between the server's answer and our note sends it again, with the same Message-ID.
        """
        recipients = recipients_of(event)
        if event.status in TELLING and len(recipients) < len(set(event.error_emails)):
            _log.warning("some of an import's addresses are none", run_id=str(event.run_id))
        if recipients:
            message = compose(event, recipients, sender=self._sender, public_url=self._public_url)
            await self._send_once(Subject(RUN_MAILS, event.run_id, event.import_id), message, recipients)

    async def on_import_warned(self, event: ImportWarned) -> None:
        """Send the mail about a late file or a schedule that has paused itself, once however often the event comes."""
        recipients = addresses_of(event.error_emails)
        if recipients:
            message = compose_warning(event, recipients, sender=self._sender, public_url=self._public_url)
            await self._send_once(Subject(WARNING_MAILS, event.event_id, event.import_id), message, recipients)

    async def _send_once(self, subject: Subject, message: EmailMessage, recipients: Sequence[str]) -> None:
        pool = self._database.pool
        await note_due(pool, subject, message["Message-ID"], recipients, self._clock.now())
        async with pool.acquire() as connection, connection.transaction():
            due = await claim(connection, subject)
            if due is None:
                MAILS.labels("already_sent").inc()
                _log.info("no mail to send: it was sent before, or what it is about is gone", about=str(subject.id))
                return
            left = await self._send_due(connection, subject, message, due)
        if left:
            raise TransientError("mail_deferred", f"The mail server does not take the mail for {left} addresses yet.")

    async def _send_due(self, connection: Connection, subject: Subject, message: EmailMessage, due: DueMail) -> int:
        """Send the mail and note it; return how many addresses the server has put off."""
        log = _log.bind(about=str(subject.id), addresses=len(due.recipients))
        try:
            receipt = await self._send(message, due.recipients)
        except TransientError as error:
            MAILS.labels("deferred").inc()
            if error.code == "mail_deferred" and self._clock.now() - due.prepared_at > GIVE_UP_AFTER:
                MAILS.labels("refused").inc()
                raise PermanentError("mail_refused", f"{error.message} It was tried for a day.") from error
            raise
        except PermanentError:
            MAILS.labels("refused").inc()
            raise
        if receipt.refused:
            log.warning("the mail server refused some addresses", refused=receipt.refused)
        if receipt.deferred:
            MAILS.labels("partly_sent").inc()
            await note_left(connection, subject, receipt.deferred)
        else:
            await note_sent(connection, subject, self._clock.now())
            MAILS.labels("sent").inc()
            log.info("mail sent", refused=receipt.refused)
        return len(receipt.deferred)
