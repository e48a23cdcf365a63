"""Notes what webhooks are told of a run that has ended."""

from collections.abc import Callable
from uuid import UUID

import structlog

from services.notifier.adapters.webhook_notes import note_finished
from services.notifier.domain.webhook_bodies import finished_body
from shared.clock import Clock
from shared.events.runs import ImportFinished
from shared.postgres.database import Database

_log = structlog.get_logger("contacts_sync.notifier.webhooks")


class FinishedRuns:
    """Notes one message for each webhook that wants it."""

    def __init__(self, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def note(self, event: ImportFinished) -> None:
        """Note the messages, once however often the event comes; who sends them is woken."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            noted = await note_finished(
                connection, event, finished_body(event), now=self._clock.now(), new_id=self._new_id
            )
        if noted:
            _log.info("webhooks will be told", run_id=str(event.run_id), webhooks=noted)
