"""Throws away set-ups that nobody has gone on with, and what was left of those thrown away: plans, runs, secrets."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from shared.clock import Clock
from shared.postgres.database import DATABASE_FAILED, Database

KEPT_FOR: Final = timedelta(days=30)
"""How long a draft is kept after it was last touched, as docs/set-up.md tells."""
_SETTLES_IN: Final = timedelta(minutes=10)
"""What was thrown away may still be read by a service for a moment."""
_SWEEPS_EVERY: Final = 300.0
_log = structlog.get_logger("contacts_sync.scheduler.old_drafts")

_EXPIRED: Final = """
DELETE FROM import_drafts d WHERE updated_at < $1
    OR EXISTS (SELECT FROM imports i WHERE i.id = d.edits AND i.deleted_at IS NOT NULL)
RETURNING import_id
"""
_THROW_AWAY: Final = "UPDATE imports SET deleted_at = $2 WHERE id = ANY ($1) AND is_draft AND deleted_at IS NULL"

# Everything that belongs to an import that never was one goes with it, plans by hand: they have no foreign keys. One at
# a time, for it may have a large plan.
_PURGE: Final = """
WITH gone AS (
    SELECT id FROM imports i WHERE is_draft AND deleted_at < $1
    AND NOT EXISTS (SELECT FROM runs r WHERE r.import_id = i.id AND r.finished_at IS NULL)
    ORDER BY deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED
), dry_runs AS (SELECT id FROM runs WHERE import_id IN (SELECT id FROM gone)),
changes AS (DELETE FROM plan_changes WHERE run_id IN (SELECT id FROM dry_runs)),
passwords AS (DELETE FROM plan_passwords WHERE run_id IN (SELECT id FROM dry_runs))
DELETE FROM imports WHERE id IN (SELECT id FROM gone) RETURNING id
"""


class OldDrafts:
    """Sweeps from time to time while `run` runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Sweep for ever; what the database does not take now is taken the next time."""
        while True:
            try:
                await self.sweep()
            except DATABASE_FAILED as error:
                _log.warning("old drafts wait for the database", error=type(error).__name__)
            await asyncio.sleep(_SWEEPS_EVERY)

    async def sweep(self) -> None:
        """Throw away what has expired or edits an import that is gone; purge what was thrown away."""
        now = self._clock.now()
        async with self._database.pool.acquire() as connection:
            async with connection.transaction():
                rows = await connection.fetch(_EXPIRED, now - KEPT_FOR)
                await connection.execute(_THROW_AWAY, [row["import_id"] for row in rows], now)
            while await connection.fetchval(_PURGE, now - _SETTLES_IN):
                pass
