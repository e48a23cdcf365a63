"""Computes the next times of all schedules anew: after the zones' rules have changed, or a clock was set back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from shared.errors import ContactsSyncError
from shared.postgres.database import Connection, Pool
from shared.rules.due import next_due, next_file_due
from shared.store.schedules import pause_from_row, schedule_from_json, schedule_to_json

_BATCH = 500
_BACK = timedelta(minutes=5)
"""A clock behind by less is another machine's; each process sees its own being set."""
_FIRST = UUID(int=0)
_log = structlog.get_logger("contacts_sync.scheduler.due")

# What is due already is left alone: it is claimed as it stands.
_BATCH_OF = """
SELECT id, schedule, next_run_at, retry_at, file_due_at, pause_from, pause_until, pause_reason FROM imports
WHERE deleted_at IS NULL AND schedule IS NOT NULL AND id > $1 AND coalesce(next_run_at > $2, true)
ORDER BY id LIMIT $3 FOR NO KEY UPDATE
"""

_UPDATE = """
UPDATE imports SET next_run_at = d.next_at, file_due_at = d.file_at, schedule = d.schedule
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::jsonb[]) AS d (id, next_at, file_at, schedule)
WHERE imports.id = d.id
"""


async def basis_changed(connection: Connection, zone_data: str, now: datetime) -> bool:
    """Note what times are computed with; tells whether that changed since it was noted, or the clock went back."""
    before = await connection.fetchrow("SELECT zone_data, seen_at FROM schedule_basis FOR UPDATE")
    await connection.execute(
        """INSERT INTO schedule_basis (zone_data, seen_at) VALUES ($1, $2)
        ON CONFLICT (single) DO UPDATE SET zone_data = excluded.zone_data, seen_at = excluded.seen_at""",
        zone_data,
        now,
    )
    if before is None:
        return False
    return bool(before["zone_data"] != zone_data or now < before["seen_at"] - _BACK)


async def recompute_due(pool: Pool, now: datetime) -> int:
    """Compute anew when each schedule is due next; returns how many times have changed."""
    last, changed = _FIRST, 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_BATCH_OF, last, now, _BATCH)
            if not rows:
                return changed
            last = rows[-1]["id"]
            moved = [each for each in (_recomputed(row, now) for row in rows) if each is not None]
            if moved:
                await connection.execute(_UPDATE, *(list(column) for column in zip(*moved, strict=True)))
            changed += len(moved)


def _recomputed(row: asyncpg.Record, now: datetime) -> tuple[UUID, datetime | None, datetime | None, Any] | None:
    """Return the import's next times, and its schedule with its end counted anew; None where all stays."""
    try:
        schedule = replace(schedule_from_json(row["schedule"]), last=None)
        stored = schedule_to_json(schedule)
        pause = pause_from_row(row)
        next_at, file_at = next_due(schedule, row["id"], now, pause), next_file_due(schedule, now, pause)
    except (ValueError, TypeError, KeyError, ContactsSyncError) as error:
        _log.error("schedule cannot be read", import_id=str(row["id"]), error=type(error).__name__)
        return None
    if row["retry_at"] is not None and (next_at is None or row["retry_at"] < next_at):
        next_at = row["retry_at"]
    if row["file_due_at"] is not None and row["file_due_at"] <= now:
        file_at = row["file_due_at"]
    if (next_at, file_at, stored) == (row["next_run_at"], row["file_due_at"], row["schedule"]):
        return None
    return row["id"], next_at, file_at, stored
