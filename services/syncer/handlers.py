"""Hears of files and rows, and stages them; hands complete runs to the applier, outside the poll."""

from services.syncer.adapters.off_loop import off_loop
from services.syncer.adapters.staging import (
    BatchAlreadyStagedError,
    BatchNotWantedError,
    is_staged,
    stage_batch,
)
from services.syncer.adapters.staging_sets import drop_set_of_ended_run, ensure_set, note_file
from services.syncer.applier import Applier
from services.syncer.domain.batch import batch_of
from shared.clock import Clock
from shared.events.files import FileFetched
from shared.events.rows import RowsParsed
from shared.events.runs import ApplyRequested
from shared.postgres.database import Database


class SyncerHandlers:
    """The syncer's handlers, one for each event it hears."""

    def __init__(self, database: Database, applier: Applier, clock: Clock) -> None:
        self._database = database
        self._applier = applier
        self._clock = clock

    async def on_file_fetched(self, event: FileFetched) -> None:
        """Note how many chunks the run's file has."""
        async with self._database.pool.acquire() as connection:
            if (staging_set := await ensure_set(connection, event)) is None:
                return
            async with connection.transaction():
                complete = await note_file(connection, staging_set.id, event, self._clock.now())
            if not complete:
                await drop_set_of_ended_run(connection, staging_set.id)
        if complete:
            self._applier.begin(event.run_id, event.attempt)

    async def on_rows_parsed(self, event: RowsParsed) -> None:
        """Stage a batch of rows, once however often it comes."""
        try:
            complete = await self._stage(event)
        except BatchAlreadyStagedError:
            complete = await self._stage(event)
        if complete:
            self._applier.begin(event.run_id, event.attempt)

    async def on_apply_requested(self, event: ApplyRequested) -> None:
        """Take a run up that nobody has worked on for a while."""
        self._applier.begin(event.run_id, event.attempt)

    async def _stage(self, event: RowsParsed) -> bool:
        async with self._database.pool.acquire() as connection:
            if (staging_set := await ensure_set(connection, event)) is None:
                return False
            known = await is_staged(connection, staging_set, event)
            batch = None if known else await off_loop(event.good, batch_of, event)
            try:
                async with connection.transaction():
                    return await stage_batch(connection, staging_set, event, batch, self._clock.now())
            except BatchNotWantedError:
                await drop_set_of_ended_run(connection, staging_set.id)
                return False
