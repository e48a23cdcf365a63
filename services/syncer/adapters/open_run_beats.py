"""Beats in Postgres for the runs that a process works on, or that wait in it."""

import asyncio
from collections.abc import Collection
from typing import Final
from uuid import UUID

import structlog

from shared.postgres.database import DATABASE_FAILED, Pool

BEAT_SECONDS: Final = 2.0
_log = structlog.get_logger("contacts_sync.syncer")

# A row that somebody holds is passed over: its run is at work. Rows are locked in one order.
_BEAT = """
UPDATE runs SET beat_at = clock_timestamp() WHERE id IN (
    SELECT id FROM runs WHERE id = ANY ($1) AND status IN ('planning', 'applying')
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""


async def beat_while_open(pool: Pool, runs: Collection[UUID]) -> None:
    """Beat for all of them, as long as there are any; a beat that fails is missed."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        if not runs:
            return
        try:
            await pool.execute(_BEAT, list(runs))
        except DATABASE_FAILED as error:
            _log.warning("a beat was missed", error=type(error).__name__)
