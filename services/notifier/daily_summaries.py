"""Tells once a day of failures that repeat themselves, those who asked to be told of them daily."""

import asyncio
from typing import Final

import structlog

from services.notifier.adapters.mail_troubles import claim_untold, is_kept, next_untold, note_told
from services.notifier.adapters.outgoing_mails import Subject, note_due
from services.notifier.domain.recipients import recipients_of, topics_of
from services.notifier.domain.summary_mail import compose_summary
from shared.clock import Clock
from shared.ids import new_id
from shared.postgres.database import DATABASE_FAILED, Database

_LOOK_SECONDS: Final = 60.0
_DATABASE_WAIT: Final = 1.0
_log = structlog.get_logger("contacts_sync.notifier.summaries")


class DailySummaries:
    """Notes summaries while `run` runs; any number of notifiers share the work."""

    def __init__(self, database: Database, clock: Clock, *, sender: str, public_url: str | None) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender
        self._public_url = public_url

    async def run(self) -> None:
        """Note summaries as they become due, for ever."""
        while True:
            try:
                await self.note_due_summaries()
                await asyncio.sleep(await self._seconds_to_next())
            except DATABASE_FAILED as error:
                _log.warning("summaries wait", error=type(error).__name__)
                await asyncio.sleep(_DATABASE_WAIT)

    async def note_due_summaries(self) -> int:
        """Note those that are due now, each once, and return how many there were."""
        noted = 0
        while await self._note_one():
            noted += 1
        return noted

    async def _seconds_to_next(self) -> float:
        due = await next_untold(self._database.pool)
        if due is None:
            return _LOOK_SECONDS
        return min(max((due - self._clock.now()).total_seconds(), _DATABASE_WAIT), _LOOK_SECONDS)

    async def _note_one(self) -> bool:
        now = self._clock.now()
        async with self._database.pool.acquire() as connection, connection.transaction():
            found = await claim_untold(connection, now)
            if found is None:
                return False
            trouble, last = found
            wanted = recipients_of(last.error_emails, last.mails, topics_of(last, recovered=False))
            recipients = wanted.daily
            if recipients and await is_kept(connection, last.import_id):
                subject = Subject("summary", new_id(), last.import_id)
                message = compose_summary(
                    subject.id,
                    trouble,
                    last,
                    wanted.named(recipients),
                    sender=self._sender,
                    public_url=self._public_url,
                )
                await note_due(connection, subject, message["Message-ID"], recipients, message.as_bytes(), now)
            await note_told(connection, last.import_id, now)
        return True
