"""Hears how runs get on and that they stopped; writes it down, and closes those that are at their end."""

from shared.clock import Clock
from shared.events.runs import ImportProgressed, ImportStopped
from shared.postgres.database import Database
from shared.store.imports import pin_host_key
from shared.store.run_end import Outcome, close_run
from shared.store.runs import announce, enter_step

_SERVICE = "scheduler"

_PROGRESS = """
UPDATE runs SET beat_at = $3, waited_ms = $4, bytes = greatest(bytes, coalesce($5, 0)),
    bytes_total = coalesce($6, bytes_total), taken_up_at = coalesce(taken_up_at, $3)
WHERE id = $1 AND attempt = $2 AND status IN ('fetching', 'staging') RETURNING true
"""


class SchedulerHandlers:
    """The scheduler's handlers, one for each event it hears."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def on_import_progressed(self, event: ImportProgressed) -> None:
        """Note a beat; the first key an SFTP server shows is kept with its import."""
        now = self._clock.now()
        async with self._database.pool.acquire() as connection, connection.transaction():
            if event.host_key:  # kept also when the run was quicker than this event
                await pin_host_key(connection, event.import_id, event.host_key)
            current = await connection.fetchval(
                _PROGRESS, event.run_id, event.attempt, now, event.waited_ms, event.bytes, event.bytes_total
            )
            if not current:
                return
            await enter_step(connection, event.run_id, event.attempt, event.step, service=event.service, now=now)
            await announce(connection, event.run_id)

    async def on_import_stopped(self, event: ImportStopped) -> None:
        """Close a run that fetcher or parser has ended."""
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
