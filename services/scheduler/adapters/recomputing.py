"""Computes the next times of all schedules anew: after the zones' rules have changed, or a clock was set back."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.scheduler.domain.basis import Basis, Verdict, judge_basis
from services.scheduler.domain.passed_over import passed_over
from shared.errors import ContactsSyncError
from shared.ids import new_id
from shared.postgres.database import Connection, Pool
from shared.rules.due import next_due, next_file_due, open_from
from shared.store.schedules import pause_from_row, schedule_from_json, schedule_to_json

_BATCH = 500
_FIRST = UUID(int=0)
_log = structlog.get_logger("contacts_sync.scheduler.due")

# What is due already is left alone: it is claimed as it stands.
_BATCH_OF = """
SELECT id, schedule, next_run_at, retry_at, file_due_at, pause_from, pause_until, pause_reason FROM imports
WHERE deleted_at IS NULL AND schedule IS NOT NULL AND id > $1 AND coalesce(next_run_at > $2, true)
ORDER BY id LIMIT $3 FOR NO KEY UPDATE
"""

_UPDATE = """
UPDATE imports SET next_run_at = d.next_at, file_due_at = d.file_at, schedule = d.schedule,
    retry_at = CASE WHEN retry_at = d.next_at THEN retry_at END
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::jsonb[]) AS d (id, next_at, file_at, schedule)
WHERE imports.id = d.id
"""


class BasisNotes:
    """Notes what this scheduler computes due times with, beside others on the same database."""

    def __init__(self, zone_data: str) -> None:
        self._id = new_id()
        self._zone_data = zone_data
        self._left: Basis | None = None
        self._beside_older = False

    async def changed(self, connection: Connection, now: datetime, *, set_back: bool) -> bool:
        """Note it; tells whether all due times have to be computed anew. `set_back`: this process's clock was."""
        row = await connection.fetchrow("SELECT zone_data, seen_at, seen_by, older FROM schedule_basis FOR UPDATE")
        noted = Basis(row["zone_data"], row["seen_at"], row["seen_by"]) if row else None
        own = Basis(self._zone_data, now, self._id)
        verdict = Verdict.COMPUTE_ANEW if set_back else judge_basis(noted, own, self._left)
        if verdict is Verdict.LEAVE:
            if noted != self._left:
                _log.warning("another scheduler's clock is ahead, or its rules of the time zones are newer")
            self._left = noted
            await connection.execute("UPDATE schedule_basis SET older = older OR zone_data <> $1", self._zone_data)
            return False
        self._left = None
        await connection.execute(
            """INSERT INTO schedule_basis (zone_data, seen_at, seen_by) VALUES ($1, $2, $3)
            ON CONFLICT (single) DO UPDATE SET zone_data = excluded.zone_data, seen_at = excluded.seen_at,
                seen_by = excluded.seen_by, older = false""",
            own.zone_data,
            own.seen_at,
            own.seen_by,
        )
        # One with older rules sets next times by them until it is gone.
        was_beside_older, self._beside_older = self._beside_older, bool(row and row["older"])
        return verdict is Verdict.COMPUTE_ANEW or (was_beside_older and not self._beside_older)


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
        is_retry = row["next_run_at"] is not None and row["next_run_at"] == row["retry_at"]
        awaited = None if is_retry else row["next_run_at"]
        since = open_from(schedule, row["id"], now, awaited, pause)
        next_at, file_at = next_due(schedule, row["id"], since, pause), next_file_due(schedule, now, pause)
        if awaited is not None:
            next_at = passed_over(schedule, row["id"], awaited, next_at, now, pause) or next_at
    except (ValueError, TypeError, KeyError, OverflowError, ContactsSyncError) as error:
        _log.error("schedule cannot be read", import_id=str(row["id"]), error=type(error).__name__)
        return None
    if pause is not None and pause.ends is None and row["next_run_at"] is None:
        next_at = file_at = None  # it has begun, by the clock that was before
    if is_retry and (next_at is None or row["retry_at"] < next_at):
        next_at = row["retry_at"]
    if row["file_due_at"] is not None and row["file_due_at"] <= now:
        file_at = row["file_due_at"]
    if (next_at, file_at, stored) == (row["next_run_at"], row["file_due_at"], row["schedule"]):
        return None
    return row["id"], next_at, file_at, stored
