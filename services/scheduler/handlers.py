"""Hears how runs get on and that they stopped; writes it down, and closes those that are at their end."""

from services.scheduler.progress import Progress
from shared.clock import Clock
from shared.events.runs import ImportProgressed, ImportStopped
from shared.postgres.database import Database
from shared.store.imports import pin_host_key
from shared.store.run_end import Outcome, close_run

_SERVICE = "scheduler"


class SchedulerHandlers:
    """The scheduler's handlers, one for each event it hears."""

    def __init__(self, database: Database, clock: Clock, progress: Progress) -> None:
        self._database = database
        self._clock = clock
        self._progress = progress

    async def on_import_progressed(self, event: ImportProgressed) -> None:
        """Note a beat; the first key an SFTP server shows is kept with its import while the file still comes."""
        if event.host_key:
            async with self._database.pool.acquire() as connection:
                await pin_host_key(connection, event.import_id, event.host_key)
        self._progress.take(event)

    async def on_import_stopped(self, event: ImportStopped) -> None:
        """Close a run that fetcher or parser has ended; the key its server showed is kept with it."""
        outcome = Outcome(
            event.outcome,
            event.code,
            event.message,
            file_name=event.file_name,
            file_bytes=event.file_bytes,
            file_sha256=event.file_sha256,
        )
        async with self._database.pool.acquire() as connection, connection.transaction():
            await close_run(
                connection,
                event.run_id,
                event.attempt,
                outcome,
                now=self._clock.now(),
                service=_SERVICE,
                unless=("applying",),
            )
            if event.host_key:  # after the run's row is locked, in the order that the syncer locks them too
                await pin_host_key(connection, event.import_id, event.host_key)
