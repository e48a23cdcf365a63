"""Beats of runs, gathered in memory and written down four times a second: a crowd beats a thousand times a second.

What is lost when this process dies is said again within a second.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

import structlog

from services.scheduler.adapters.progress_notes import Note, write_notes
from shared.clock import Clock
from shared.events.runs import ImportProgressed
from shared.postgres.database import DATABASE_FAILED, Database

EVERY_SECONDS = 0.25
_AT_ONCE = 500
_log = structlog.get_logger("contacts_sync.scheduler.progress")


class Progress:
    """Takes notes, and writes them down while `run` runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._notes: dict[tuple[UUID, int], Note] = {}
        self._some = asyncio.Event()

    def take(self, event: ImportProgressed) -> None:
        """Note a beat; of several of one attempt the newest counts, save for what only earlier ones say."""
        key = (event.run_id, event.attempt)
        note = Note(
            event.run_id,
            event.attempt,
            event.step,
            event.service,
            event.waited_ms,
            event.bytes,
            event.bytes_total,
            event.waits_for_turn,
        )
        before = self._notes.get(key)
        if before is not None:
            later = before if before.step == "staging" else note
            note = replace(
                note,
                step=later.step,
                service=later.service,
                bytes=max(note.bytes or 0, before.bytes or 0) or None,
                bytes_total=note.bytes_total or before.bytes_total,
            )
        self._notes[key] = note
        self._some.set()

    async def run(self) -> None:
        """Write down what was noted, for ever."""
        while True:
            await self._some.wait()
            try:
                await self.write()
            except DATABASE_FAILED as error:
                _log.warning("progress waits for the database", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def write(self) -> None:
        """Write down all that was noted."""
        self._some.clear()
        while self._notes:
            notes: Sequence[Note] = [*islice(self._notes.values(), _AT_ONCE)]
            async with self._database.pool.acquire() as connection, connection.transaction():
                await write_notes(connection, notes, self._clock.now())
            for note in notes:
                if self._notes.get((note.run_id, note.attempt)) is note:
                    del self._notes[note.run_id, note.attempt]
