"""Claims of queued runs, and asking for runs; each in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from shared.errors import ContactsSyncError
from shared.events.files import StoredFile, Validators
from shared.events.runs import ApplyRequested, ImportRequested
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.postgres.outbox import say, say_all
from shared.store.password_columns import password_columns_of
from shared.store.run_end import Outcome, close_run
from shared.store.runs import enter_step
from shared.store.set_ups import RunSetup
from shared.topics import APPLY_REQUESTED, IMPORT_REQUESTED

_SERVICE = "scheduler"
_log = structlog.get_logger("contacts_sync.scheduler.due")

# Whoever asks by hand or by a program comes before schedules. Among managers the one with the fewest runs under way is
# next, so that a thousand imports of one do not hold up another's; within a manager it goes by age. A manager has so
# many places for schedules, and as many again for those who ask.
# A kept plan takes a crowd for a few runs, and compares all with all wherever it can: so counts are windows of one scan
# instead of a join, and the lock looks at the status in a CASE, by which no partial index but only the id can be used.
# The count of what could start stands beside what was locked, also where that is nothing.
_CLAIM = """
WITH placed AS (
    SELECT id, status, queued_at, trigger <> 'schedule' AS asked,
        count(*) FILTER (WHERE status <> 'queued') OVER of_manager
        + count(*) FILTER (WHERE status = 'queued') OVER (
            of_manager ORDER BY trigger = 'schedule', queued_at, id) AS place
    FROM runs WHERE finished_at IS NULL WINDOW of_manager AS (PARTITION BY manager_id)
), startable AS (
    SELECT * FROM placed
    WHERE status = 'queued' AND place <= CASE WHEN asked THEN 2 * $2::integer ELSE $2::integer END
), taken AS (
    SELECT r.id, r.trigger FROM startable s JOIN runs r USING (id)
    WHERE CASE r.status WHEN 'queued' THEN true ELSE false END
    ORDER BY s.asked DESC, s.place, s.queued_at LIMIT $1 FOR NO KEY UPDATE OF r SKIP LOCKED
)
SELECT taken.id, taken.trigger, counted.startable
FROM (SELECT count(*) AS startable FROM startable) AS counted LEFT JOIN taken ON true
"""

_NEXT_ATTEMPT = """
UPDATE runs SET attempt = attempt + 1, status = 'fetching', beat_at = clock_timestamp(), waited_ms = 0, rows_staged = 0,
    taken_up_at = NULL, parsed_from = NULL, started_at = coalesce(started_at, $2)
WHERE id = ANY ($1) RETURNING id, import_id, manager_id, attempt, trigger, setup, setup_fingerprint, stored, dry_run
"""

_ENTER = """
INSERT INTO run_steps (run_id, attempt, step, service, started_at)
SELECT id, attempt, 'fetching', $3, $4 FROM unnest($1::uuid[], $2::integer[]) AS r (id, attempt) ON CONFLICT DO NOTHING
"""

_WITH_PLAN = frozenset({"approve", "undo"})

_LAST_APPLIED = """
SELECT w.id AS import_id, l.file_sha256, l.setup_fingerprint, l.stored FROM unnest($1::uuid[]) AS w (id), LATERAL (
    SELECT file_sha256, setup_fingerprint, stored FROM runs
    WHERE import_id = w.id AND applied_at IS NOT NULL AND undoes IS NULL AND NOT additions_and_updates_only
    ORDER BY number DESC LIMIT 1) AS l
"""


@dataclass(frozen=True)
class Claim:
    """How many queued runs were started, and how many could have been: others are held by another transaction."""

    started: int
    startable: int


async def claim_queued_runs(connection: Connection, now: datetime, limit: int, *, of_manager: int) -> Claim:
    """Start queued runs, fairly among managers: ask for each to be fetched, or planned.

    `of_manager`: so many runs of one manager may be under way for schedules to start another.
    """
    found = await connection.fetch(_CLAIM, limit, of_manager)
    rows = [row for row in found if row["id"] is not None]
    with_plan = [row["id"] for row in rows if row["trigger"] in _WITH_PLAN]
    await ask_for_attempts(connection, [row["id"] for row in rows if row["trigger"] not in _WITH_PLAN], now)
    for run_id in with_plan:
        await ask_for_plan(connection, run_id, now)
    return Claim(len(rows), found[0]["startable"])


async def ask_for_attempts(connection: Connection, run_ids: Sequence[UUID], now: datetime) -> None:
    """Ask for runs as their next attempt, from the last durable step: the file, where it was stored whole.

    A run whose set-up cannot be read must not hold up the others, and fails.
    """
    if not run_ids:
        return
    await connection.execute(
        "UPDATE run_steps SET finished_at = $2 WHERE run_id = ANY ($1) AND finished_at IS NULL", run_ids, now
    )
    rows = await connection.fetch(_NEXT_ATTEMPT, run_ids, now)
    await connection.execute(_ENTER, [row["id"] for row in rows], [row["attempt"] for row in rows], _SERVICE, now)
    applied = {
        row["import_id"]: row for row in await connection.fetch(_LAST_APPLIED, [row["import_id"] for row in rows])
    }
    passwords = await password_columns_of(connection, [row["manager_id"] for row in rows])
    said = []
    for row in rows:
        try:
            said.append(_requested(row, applied.get(row["import_id"]), passwords.get(row["manager_id"], []), now))
        except (ValueError, ContactsSyncError) as error:
            _log.error("run cannot be asked for", run_id=str(row["id"]), error=type(error).__name__)
            await _close_unreadable(connection, row, now)
    await say_all(connection, _SERVICE, IMPORT_REQUESTED, [(str(event.run_id), event) for event in said])
    await connection.execute("SELECT pg_notify('run_changed', id::text) FROM unnest($1::uuid[]) AS r (id)", run_ids)


async def ask_for_plan(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Ask for a run that approves or undoes another: it has no file to fetch, so it begins with its plan."""
    await connection.execute(
        "UPDATE runs SET attempt = 1, started_at = coalesce(started_at, $2) WHERE id = $1", run_id, now
    )
    await enter_step(connection, run_id, 1, "planning", service=_SERVICE, now=now)
    await ask_to_apply(connection, run_id, now)


async def ask_to_apply(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Ask for a run whose rows are all staged to be planned and applied."""
    run = await connection.fetchrow(
        "UPDATE runs SET beat_at = clock_timestamp() WHERE id = $1 RETURNING import_id, attempt", run_id
    )
    if run is None:
        return
    requested = ApplyRequested(
        event_id=new_id(), occurred_at=now, run_id=run_id, import_id=run["import_id"], attempt=run["attempt"]
    )
    await say(connection, _SERVICE, APPLY_REQUESTED, requested, key=str(run_id))


def _requested(
    run: asyncpg.Record, applied: asyncpg.Record | None, passwords: Sequence[str], now: datetime
) -> ImportRequested:
    setup = RunSetup.model_validate(run["setup"])
    sha256, validators = _last_applied(applied, run["setup_fingerprint"], setup)
    return ImportRequested(
        event_id=new_id(),
        occurred_at=now,
        run_id=run["id"],
        import_id=run["import_id"],
        attempt=run["attempt"],
        source=setup.source,
        parse=setup.parse_rules(run["manager_id"], passwords),
        last_applied_sha256=sha256,
        last_applied_validators=validators,
        time_zone=setup.time_zone,
        stored=StoredFile.model_validate(run["stored"]) if run["stored"] else None,
        asked=run["trigger"] != "schedule",
    )


def _last_applied(
    last: asyncpg.Record | None, fingerprint: str, setup: RunSetup
) -> tuple[str | None, Validators | None]:
    """Return hash and validators with which a file ends the run as unchanged: of the last applied run, same set-up."""
    if last is None or setup.source.kind != "remote" or setup.options.every_time:
        return None, None
    if last["setup_fingerprint"] != fingerprint:
        return None, None
    return last["file_sha256"], StoredFile.model_validate(last["stored"]).validators if last["stored"] else None


async def _close_unreadable(connection: Connection, run: asyncpg.Record, now: datetime) -> None:
    """End the run; where not even its addresses can be read, without telling anybody else."""
    outcome = Outcome("failed", "set_up_unreadable", "The import's set-up cannot be read; save it anew.")
    try:
        async with connection.transaction():
            await close_run(connection, run["id"], run["attempt"], outcome, now=now, service=_SERVICE)
    except ValueError:
        await connection.execute(
            "UPDATE runs SET status = $2, finished_at = $3, error_code = $4, error_message = $5 WHERE id = $1",
            run["id"],
            outcome.status,
            now,
            outcome.code,
            outcome.message,
        )
