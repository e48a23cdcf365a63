"""Hears that a run has ended, and sends its mail, where one is due."""

from datetime import timedelta

import structlog
from prometheus_client import Counter

from services.notifier.adapters.sent_mails import DueMail, claim, note_due, note_left, note_sent
from services.notifier.domain.mail import compose, message_id
from services.notifier.domain.recipients import TELLING, recipients_of
from services.notifier.ports import SendMail
from shared.clock import Clock
from shared.errors import PermanentError, TransientError
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
    """The notifier's one handler; `sender` and `public_url` are those of the settings."""

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
        if not recipients:
            return
        pool = self._database.pool
        await note_due(pool, event.run_id, message_id(event.run_id), recipients, self._clock.now())
        async with pool.acquire() as connection, connection.transaction():
            due = await claim(connection, event.run_id)
            if due is None:
                MAILS.labels("already_sent").inc()
                _log.info("no mail to send: it was sent before, or the run is gone", run_id=str(event.run_id))
                return
            left = await self._send_due(connection, event, due)
        if left:
            raise TransientError("mail_deferred", f"The mail server does not take the mail for {left} addresses yet.")

    async def _send_due(self, connection: Connection, event: ImportFinished, due: DueMail) -> int:
        """Send the mail and note it; return how many addresses the server has put off."""
        log = _log.bind(run_id=str(event.run_id), addresses=len(due.recipients))
        message = compose(event, recipients_of(event), sender=self._sender, public_url=self._public_url)
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
            await note_left(connection, event.run_id, receipt.deferred)
        else:
            await note_sent(connection, event.run_id, self._clock.now())
            MAILS.labels("sent").inc()
            log.info("mail sent", refused=receipt.refused)
        return len(receipt.deferred)
