"""Claims due schedules, many at a time: each gets one run, its next time, and a note of what it has missed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Histogram

from services.scheduler.domain.catching_up import DueNow, judge_due
from shared.errors import ContactsSyncError
from shared.ids import new_id
from shared.postgres.database import Connection, Pool
from shared.store.runs import setup_now
from shared.store.schedules import MissedCode, note_missed, note_pause_ended, pause_from_row, schedule_from_json
from shared.store.set_ups import RunSetup

LATE = Histogram(
    "contacts_sync_schedule_late_seconds",
    "How long after its time a due schedule was taken up",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 3600, 86_400),
)
_log = structlog.get_logger("contacts_sync.scheduler.due")

_CLAIM = """
SELECT i.id, i.manager_id, i.name, i.setup, i.schedule, i.host_key, i.next_run_at, i.retry_at, i.pause_from,
    i.pause_until, i.pause_reason, m.name AS manager_name
FROM imports i JOIN managers m ON m.id = i.manager_id
WHERE i.deleted_at IS NULL AND i.next_run_at <= $1
ORDER BY i.next_run_at LIMIT $2 FOR NO KEY UPDATE OF i SKIP LOCKED
"""

_QUEUE = """
INSERT INTO runs (
    id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at, due_at, follow_up)
SELECT id, import_id, manager_id, 'schedule', false, 'queued', setup::jsonb, fingerprint, $1, due_at, true
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])
    AS r (id, import_id, manager_id, setup, fingerprint, due_at)
ON CONFLICT DO NOTHING RETURNING import_id
"""

_MOVE_ON = """
UPDATE imports SET next_run_at = d.next_at, retry_at = NULL, retries = CASE WHEN d.retry THEN retries ELSE 0 END,
    pause_from = CASE WHEN pause_until <= $1 THEN NULL ELSE pause_from END,
    pause_until = CASE WHEN pause_until <= $1 THEN NULL ELSE pause_until END,
    pause_reason = CASE WHEN pause_until <= $1 THEN NULL ELSE pause_reason END
FROM unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) AS d (id, next_at, retry) WHERE imports.id = d.id
"""

_ACTIVE = "A run of this import was under way; wait until it has ended."
_UNREADABLE = DueNow(None, None)


@dataclass(frozen=True)
class _Claimed:
    row: asyncpg.Record
    due: DueNow
    retry: bool
    setup: RunSetup | None


async def claim_due_schedules(connection: Connection, now: datetime, limit: int) -> int:
    """Queue a run for each import whose time has come, and set its next time; returns how many were claimed.

    Due times that were missed meanwhile run once, not once each, and not in a pause; one that comes while a run is
    under way is noted as missed. What cannot be read is logged, and not due again.
    """
    rows = await connection.fetch(_CLAIM, now, limit)
    if not rows:
        return 0
    fields = await _fields_of(connection, {row["manager_id"] for row in rows})
    for row in rows:
        LATE.observe((now - row["next_run_at"]).total_seconds())
    claimed = [_judged(row, fields[row["manager_id"]], now) for row in rows]
    to_run = [each for each in claimed if each.setup is not None and not each.due.in_pause]
    queued = await _queue(connection, to_run, now)
    await _note_what_was_missed(connection, claimed, queued, now)
    await connection.execute(
        _MOVE_ON,
        now,
        [each.row["id"] for each in claimed],
        [each.due.next_at for each in claimed],
        [each.retry and each.due.due_at is None for each in claimed],
    )
    return len(rows)


async def next_due_at(connection: Connection | Pool) -> datetime | None:
    """Return when the next schedule comes due, or the next pause ends."""
    due: datetime | None = await connection.fetchval(
        """SELECT least(
            (SELECT min(next_run_at) FROM imports WHERE deleted_at IS NULL AND next_run_at IS NOT NULL),
            (SELECT min(pause_until) FROM imports WHERE deleted_at IS NULL AND pause_until IS NOT NULL))"""
    )
    return due


async def _fields_of(connection: Connection, manager_ids: set[UUID]) -> dict[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    rows = await connection.fetch(
        "SELECT manager_id, number, name, kind FROM fields WHERE manager_id = ANY ($1) ORDER BY manager_id, number",
        list(manager_ids),
    )
    for row in rows:
        found[row["manager_id"]].append(row)
    return found


def _judged(row: asyncpg.Record, fields: Sequence[asyncpg.Record], now: datetime) -> _Claimed:
    retry = row["retry_at"] == row["next_run_at"]
    try:
        schedule = schedule_from_json(row["schedule"] or {})
        due = judge_due(schedule, row["id"], row["next_run_at"], now, pause_from_row(row), retry=retry)
        return _Claimed(row, due, retry, setup_now(row, fields))
    except (ValueError, TypeError, KeyError, OverflowError, ContactsSyncError) as error:
        _log.error("schedule cannot be read and is stopped", import_id=str(row["id"]), error=type(error).__name__)
        return _Claimed(row, _UNREADABLE, retry, None)


async def _queue(connection: Connection, claimed: Sequence[_Claimed], now: datetime) -> set[UUID]:
    """Queue the runs; returns the imports that got one, which those with a run under way did not."""
    setups = [each.setup for each in claimed if each.setup is not None]
    rows = await connection.fetch(
        _QUEUE,
        now,
        [new_id() for _ in claimed],
        [each.row["id"] for each in claimed],
        [each.row["manager_id"] for each in claimed],
        [setup.model_dump_json() for setup in setups],
        [setup.fingerprint() for setup in setups],
        [each.due.due_at for each in claimed],
    )
    return {row["import_id"] for row in rows}


async def _note_what_was_missed(
    connection: Connection, claimed: Sequence[_Claimed], queued: set[UUID], now: datetime
) -> None:
    spans: list[tuple[UUID, list[datetime], MissedCode, str]] = []
    for each in claimed:
        if each.setup is None:
            continue
        import_id, due = each.row["id"], each.due
        pause = pause_from_row(each.row)
        if pause is not None and pause.ends is not None and pause.ends <= now:
            await note_pause_ended(connection, import_id, schedule_from_json(each.row["schedule"]), pause, now=now)
        made_up = "afterwards one run made up for it" if import_id in queued else "afterwards another run was under way"
        since = "then the schedule was paused" if due.in_pause else made_up
        words = f"The scheduler was not running, or not in time, when it was due; {since}."
        spans.append((import_id, due.missed, "downtime", words))
        if import_id not in queued and due.due_at is not None:
            spans.append((import_id, [due.due_at], "run_active", _ACTIVE))
    await note_missed(connection, spans, now=now)
