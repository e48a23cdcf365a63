"""Looks, at the time by which a file should have come, whether one has; says so where not."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from shared.errors import ContactsSyncError
from shared.events.import_warnings import ImportWarned
from shared.ids import new_id
from shared.postgres.database import Connection, Pool
from shared.postgres.outbox import say
from shared.rules.due import next_file_due
from shared.store.schedules import pause_from_row, schedule_from_json
from shared.topics import IMPORT_WARNED

_SERVICE = "scheduler"
_LATE_AFTER_OUTAGE = timedelta(hours=12)
"""After a longer outage nothing is said of a deadline: whether the file came in time cannot be told any more."""
_log = structlog.get_logger("contacts_sync.scheduler.late")

_CLAIM = """
SELECT i.id, i.manager_id, i.name, i.setup, i.schedule, i.file_due_at, i.pause_from, i.pause_until, i.pause_reason,
    m.name AS manager_name
FROM imports i JOIN managers m ON m.id = i.manager_id
WHERE i.deleted_at IS NULL AND i.file_due_at <= $1
ORDER BY i.file_due_at LIMIT $2 FOR NO KEY UPDATE OF i SKIP LOCKED
"""

# A file that was read is one that came, though it was refused or full of errors: a mail of its own says that. One that
# the server did not have, or that was as before, did not come. A run that still reads one is given the doubt.
_CAME = """
SELECT EXISTS (SELECT FROM runs WHERE import_id = $1 AND NOT dry_run AND (
    finished_at > $2 AND status NOT IN ('unchanged', 'cancelled') AND file_sha256 IS NOT NULL
    OR finished_at IS NULL AND status IN ('staging', 'planning', 'applying')))
"""


async def claim_file_deadlines(connection: Connection, now: datetime, limit: int) -> int:
    """Say of each import whose deadline has passed whether its file is late, and set the next; returns how many."""
    rows = await connection.fetch(_CLAIM, now, limit)
    for row in rows:
        try:
            schedule = schedule_from_json(row["schedule"] or {})
            upcoming = next_file_due(schedule, now, pause_from_row(row))
            await _judge(connection, row, schedule.time_zone, now)
        except (ValueError, TypeError, KeyError, ContactsSyncError) as error:
            _log.error("deadline cannot be read and is dropped", import_id=str(row["id"]), error=type(error).__name__)
            upcoming = None
        await connection.execute("UPDATE imports SET file_due_at = $2 WHERE id = $1", row["id"], upcoming)
    return len(rows)


async def next_deadline(connection: Connection | Pool) -> datetime | None:
    """Return when the next deadline is."""
    due: datetime | None = await connection.fetchval(
        "SELECT min(file_due_at) FROM imports WHERE deleted_at IS NULL AND file_due_at IS NOT NULL"
    )
    return due


async def _judge(connection: Connection, row: asyncpg.Record, time_zone: str, now: datetime) -> None:
    import_id: UUID = row["id"]
    deadline: datetime = row["file_due_at"]
    if now - deadline > _LATE_AFTER_OUTAGE:
        return
    if await connection.fetchval(_CAME, import_id, deadline - timedelta(days=1)):
        return
    last = await connection.fetchrow(
        "SELECT id, status FROM runs WHERE import_id = $1 ORDER BY queued_at DESC LIMIT 1", import_id
    )
    unchanged = last is not None and last["status"] == "unchanged"
    what = "has not changed" if unchanged else "has not come"
    warned = ImportWarned(
        event_id=new_id(),
        occurred_at=now,
        import_id=import_id,
        import_name=row["name"],
        manager_id=row["manager_id"],
        manager_name=row["manager_name"],
        warning="file_late",
        message=f"The file {what} in the 24 hours before the time by which a new one should be there.",
        expected_at=deadline,
        last_run_id=last["id"] if last else None,
        error_emails=(row["setup"].get("options") or {}).get("error_emails", []),
        time_zone=time_zone,
    )
    await say(connection, _SERVICE, IMPORT_WARNED, warned, key=str(import_id))
