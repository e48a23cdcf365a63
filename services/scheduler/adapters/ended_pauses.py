"""Ends pauses whose time is over, and notes what they have taken."""

from datetime import datetime

import structlog

from shared.errors import ContactsSyncError
from shared.postgres.database import Connection
from shared.store.schedules import note_pause_ended, pause_from_row, schedule_from_json

_log = structlog.get_logger("contacts_sync.scheduler.due")

# One that is due already is left to its claim, which tells apart what the pause took and what an outage did.
_CLAIM = """
SELECT id, schedule, pause_from, pause_until, pause_reason FROM imports
WHERE deleted_at IS NULL AND pause_until <= $1 AND coalesce(next_run_at > $1, true)
ORDER BY pause_until LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""

_END = "UPDATE imports SET pause_from = NULL, pause_until = NULL, pause_reason = NULL WHERE id = ANY ($1)"


async def end_pauses(connection: Connection, now: datetime, limit: int) -> int:
    """End pauses whose time is over, those of schedules without a next time too; returns how many."""
    rows = await connection.fetch(_CLAIM, now, limit)
    for row in rows:
        pause = pause_from_row(row)
        try:
            schedule = schedule_from_json(row["schedule"] or {})
            if pause is not None:
                await note_pause_ended(connection, row["id"], schedule, pause, now=now)
        except (ValueError, TypeError, KeyError, OverflowError, ContactsSyncError) as error:
            _log.error("schedule cannot be read", import_id=str(row["id"]), error=type(error).__name__)
    await connection.execute(_END, [row["id"] for row in rows])
    return len(rows)
