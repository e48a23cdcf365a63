"""Looks, at the time by which a file should have come, whether one has; says so where not."""

from datetime import datetime, timedelta

import asyncpg
import structlog

from shared.errors import ContactsSyncError
from shared.events.import_warnings import ImportWarned
from shared.ids import new_id
from shared.postgres.database import Connection, Pool
from shared.postgres.outbox import say
from shared.rules.due import delay_of, next_file_due
from shared.rules.recurrence import time_zone_named
from shared.rules.wall_clock import instant_of
from shared.store.schedules import pause_from_row, schedule_from_json
from shared.store.set_ups import Options
from shared.topics import IMPORT_WARNED

_SERVICE = "scheduler"
_DAY = timedelta(days=1)
_LATE_AFTER_OUTAGE = timedelta(hours=12)
"""After a longer outage nothing is said of a deadline: whether the file came in time cannot be told any more."""
_log = structlog.get_logger("contacts_sync.scheduler.late")

_LOOK_AGAIN = timedelta(minutes=1)

_CLAIM = """
SELECT i.id, i.manager_id, i.name, i.setup, i.schedule, i.next_run_at, i.retry_at, i.file_due_at,
    coalesce(i.file_look_at > i.file_due_at, false) AS waited, i.pause_from, i.pause_until, i.pause_reason,
    m.name AS manager_name
FROM imports i JOIN managers m ON m.id = i.manager_id
WHERE i.deleted_at IS NULL AND i.file_due_at IS NOT NULL AND greatest(i.file_due_at, i.file_look_at) <= $1
ORDER BY greatest(i.file_due_at, i.file_look_at) LIMIT $2 FOR NO KEY UPDATE OF i SKIP LOCKED
"""

# A file that was read is one that came, though it was refused or full of errors: a mail of its own says that. One that
# the server did not have, or that was as before, did not come; nor did one that is imported every time. A run counts
# for the day that it was due on, a try again for that of the first: it was waited for then, save in a long outage.
_READ = """(
    SELECT r.file_sha256, r.status, r.queued_at,
        CASE WHEN r.queued_at <= day.due_at + interval '12 hours' THEN day.due_at ELSE r.queued_at END AS counts_for
    FROM runs r LEFT JOIN LATERAL (
        SELECT due_at FROM runs WHERE r.trigger = 'schedule' AND import_id = r.import_id AND due_at IS NOT NULL
            AND queued_at <= r.queued_at ORDER BY queued_at DESC LIMIT 1) AS day ON true
    WHERE r.import_id = w.id AND NOT r.dry_run AND r.status <> 'cancelled' AND r.file_sha256 IS NOT NULL)"""
_RUNS = f"""
SELECT w.id, last.id AS last_id, last.status = 'unchanged' OR came.again AS unchanged, came.came,
    EXISTS (SELECT FROM runs WHERE import_id = w.id AND finished_at IS NULL AND NOT dry_run) AS under_way
FROM unnest($1::uuid[], $2::timestamptz[]) AS w (id, since) LEFT JOIN LATERAL (
    SELECT id, status FROM runs WHERE import_id = w.id AND NOT dry_run ORDER BY queued_at DESC LIMIT 1) AS last ON true
LEFT JOIN LATERAL (
    SELECT file_sha256 FROM {_READ} AS read WHERE counts_for <= w.since ORDER BY queued_at DESC LIMIT 1
) AS before ON true
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(file_sha256 IS DISTINCT FROM before.file_sha256), false) AS came, count(*) > 0 AS again
    FROM {_READ} AS read WHERE queued_at > w.since AND counts_for > w.since AND status <> 'unchanged') AS came
"""

_MOVE_ON = """
UPDATE imports SET file_due_at = d.due_at, file_look_at = d.look_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS d (id, due_at, look_at) WHERE imports.id = d.id
"""


async def claim_file_deadlines(connection: Connection, now: datetime, limit: int) -> int:
    """Say of each import whose deadline has passed whether its file is late, and set the next; returns how many.

    While a run that may bring the file is under way, or due and not begun, nothing is said yet.
    """
    rows = await connection.fetch(_CLAIM, now, limit)
    found = await connection.fetch(_RUNS, [row["id"] for row in rows], [_day_before(row) for row in rows])
    runs = {each["id"]: each for each in found}
    moves = []
    for row in rows:
        upcoming, look_at = None, None
        try:
            schedule = schedule_from_json(row["schedule"] or {})
            if runs[row["id"]]["under_way"] or _is_to_begin(row, delay_of(schedule, row["id"]), now):
                upcoming, look_at = row["file_due_at"], now + _LOOK_AGAIN
            else:
                upcoming = next_file_due(schedule, now, pause_from_row(row))
                await _judge(connection, row, runs[row["id"]], schedule.time_zone, now)
        except (ValueError, TypeError, KeyError, OverflowError, ContactsSyncError) as error:
            _log.error("deadline cannot be read and is dropped", import_id=str(row["id"]), error=type(error).__name__)
        moves.append((row["id"], upcoming, look_at))
    if moves:
        await connection.execute(_MOVE_ON, *(list(column) for column in zip(*moves, strict=True)))
    return len(rows)


async def next_deadline(connection: Connection | Pool) -> datetime | None:
    """Return when the next deadline is to be looked at."""
    due: datetime | None = await connection.fetchval(
        """SELECT min(greatest(file_due_at, file_look_at)) FROM imports
        WHERE deleted_at IS NULL AND file_due_at IS NOT NULL"""
    )
    return due


def _day_before(row: asyncpg.Record) -> datetime:
    """Return the time of the deadline on the day before, by the zone's clock: 23 or 25 hours where that is changed."""
    deadline: datetime = row["file_due_at"]
    try:
        zone = time_zone_named(row["schedule"]["time_zone"])
    except (TypeError, KeyError, ContactsSyncError):
        return deadline - _DAY
    return instant_of(deadline.astimezone(zone).replace(tzinfo=None) - _DAY, zone)


def _is_to_begin(row: asyncpg.Record, delay: timedelta, now: datetime) -> bool:
    """Tell whether a run is due by the deadline, and has not begun: for its spread, or for an outage."""
    next_at: datetime | None = row["next_run_at"]
    if next_at is None or next_at <= now:
        return next_at is not None
    retry_at: datetime | None = row["retry_at"]
    deadline: datetime = row["file_due_at"]
    return next_at != retry_at and next_at - delay <= deadline


async def _judge(
    connection: Connection, row: asyncpg.Record, runs: asyncpg.Record, time_zone: str, now: datetime
) -> None:
    deadline: datetime = row["file_due_at"]
    outage = now - deadline > _LATE_AFTER_OUTAGE and not row["waited"]
    if outage or runs["came"]:
        return
    options = Options.model_validate(row["setup"].get("options") or {})
    what = "has not changed" if runs["unchanged"] else "has not come"
    warned = ImportWarned(
        event_id=new_id(),
        occurred_at=now,
        import_id=row["id"],
        import_name=row["name"],
        manager_id=row["manager_id"],
        manager_name=row["manager_name"],
        warning="file_late",
        message=f"The file {what} since that time of the day before; by now a new one should be there.",
        expected_at=deadline,
        last_run_id=runs["last_id"],
        error_emails=options.error_emails,
        mails=options.mails,
        time_zone=time_zone,
    )
    await say(connection, _SERVICE, IMPORT_WARNED, warned, key=str(row["id"]))
