"""Hears that a run has ended, or that an import needs a look, and notes the mail, where one is due."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

import structlog

from services.notifier.adapters.attached_rows import RejectedRows
from services.notifier.adapters.mail_troubles import end_trouble, lock_trouble, save_trouble
from services.notifier.adapters.outgoing_mails import Subject, is_noted, note_due
from services.notifier.adapters.run_history import failures_before
from services.notifier.domain.mail import compose
from services.notifier.domain.recipients import (
    TROUBLES,
    Recipients,
    concerns_the_import,
    recipients_of,
    says_that_it_works,
    topics_of,
)
from services.notifier.domain.troubles import after_run
from services.notifier.domain.warning_mail import compose_warning
from services.notifier.mail_sender import MAILS
from shared.clock import Clock
from shared.events.import_warnings import ImportWarned
from shared.events.runs import ImportFinished
from shared.postgres.database import Connection, Database

_NOBODY: Final = ""
_NO_ADDRESS: Final = "it is no address that mails can go to"
_MOST_SHOWN: Final = 320
_log = structlog.get_logger("contacts_sync.notifier")


class NotifierHandlers:
    """The notifier's handlers; `sender` and `public_url` are those of the settings, `rows` what is attached, if any."""

    def __init__(
        self, database: Database, rows: RejectedRows | None, clock: Clock, *, sender: str, public_url: str | None
    ) -> None:
        self._database = database
        self._rows = rows
        self._clock = clock
        self._sender = sender
        self._public_url = public_url

    async def on_import_finished(self, event: ImportFinished) -> None:
        """Note the run's mail, once however often the event comes, and what it means for those told once a day."""
        possible = recipients_of(event.error_emails, event.mails, topics_of(event, recovered=says_that_it_works(event)))
        follows = concerns_the_import(event) and any(rule.repeated == "daily" for rule in event.mails)
        if concerns_the_import(event) and not follows:
            await end_trouble(self._database.pool, event)
        if not possible.every_time and not possible.daily and not follows:
            return
        async with self._database.pool.acquire() as connection:
            failures = await failures_before(connection, event) if says_that_it_works(event) else 0
            wanted = recipients_of(event.error_emails, event.mails, topics_of(event, recovered=failures > 0))
            if wanted.unfit:
                _log.warning("some of an import's addresses are none", run_id=str(event.run_id))
            async with connection.transaction():
                await self._note_run(connection, event, wanted, failures, follows=follows)

    async def on_import_warned(self, event: ImportWarned) -> None:
        """Note the mail about a late file or a schedule that has paused itself, once however often the event comes."""
        wanted = recipients_of(event.error_emails, event.mails, [event.warning])
        recipients = wanted.every_time + wanted.daily
        if recipients:
            message = compose_warning(event, wanted.named(recipients), sender=self._sender, public_url=self._public_url)
            async with self._database.pool.acquire() as connection:
                subject = Subject("warning", event.event_id, event.import_id)
                await self._note(connection, subject, message, recipients, wanted.left_out)

    async def _note_run(
        self, connection: Connection, event: ImportFinished, wanted: Recipients, failures: int, *, follows: bool
    ) -> None:
        subject = Subject("run", event.run_id, event.import_id, event.run_id)
        is_news = True
        if follows:
            trouble = await lock_trouble(connection, event.import_id)
            if await is_noted(connection, subject):
                MAILS.labels("already_noted").inc()
                return
            trouble, is_news = after_run(trouble, event)
            await save_trouble(connection, event.import_id, trouble, event)
        recipients = wanted.every_time + (wanted.daily if is_news else ())
        if recipients:
            rows = self._rows if event.counts.rejected and event.status in TROUBLES else None
            message = compose(
                event,
                wanted.named(recipients),
                sender=self._sender,
                public_url=self._public_url,
                failures=failures,
                attached=await rows.of(connection, event.run_id) if rows else None,
            )
            await self._note(connection, subject, message, recipients, wanted.left_out)
        elif follows:
            await note_due(connection, subject, _NOBODY, (), None, self._clock.now())

    async def _note(
        self,
        connection: Connection,
        subject: Subject,
        message: EmailMessage,
        recipients: Sequence[str],
        left_out: Sequence[str],
    ) -> None:
        now, content = self._clock.now(), message.as_bytes()
        refused = {each[:_MOST_SHOWN]: _NO_ADDRESS for each in left_out}
        noted = await note_due(connection, subject, message["Message-ID"], recipients, content, now, refused=refused)
        if not noted:
            MAILS.labels("already_noted").inc()
        told = "mail noted" if noted else "no mail to note: it was noted before, or what it is about is gone"
        _log.info(told, about=str(subject.id), addresses=len(recipients))
