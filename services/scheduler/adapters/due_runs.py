"""Claims of due schedules and of queued runs, and asking for runs again; each in the caller's transaction."""

from datetime import datetime
from uuid import UUID

import structlog

from shared.errors import ContactsSyncError, UserError
from shared.events.files import StoredFile, Validators
from shared.events.runs import ApplyRequested, ImportRequested
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.postgres.outbox import say
from shared.rules.recurrence import next_occurrence
from shared.store.imports import schedule_from_json
from shared.store.run_end import Outcome, close_run
from shared.store.runs import announce, enter_step, request_run
from shared.store.set_ups import RunSetup
from shared.topics import APPLY_REQUESTED, IMPORT_REQUESTED

_SERVICE = "scheduler"
_log = structlog.get_logger("contacts_sync.scheduler.due")

_LAST_APPLIED = """
SELECT file_sha256, setup_fingerprint, stored FROM runs
WHERE import_id = $1 AND applied_at IS NOT NULL AND undoes IS NULL AND NOT additions_and_updates_only
ORDER BY finished_at DESC LIMIT 1
"""


async def claim_due_schedules(connection: Connection, now: datetime, limit: int) -> int:
    """Queue a run for each import whose time has come, and set its next time; returns how many were claimed.

    Occurrences that were missed meanwhile run once, not once each; one that comes due while a run is under way is
    recorded as missed.
    """
    rows = await connection.fetch(
        """SELECT id, schedule, next_run_at FROM imports
        WHERE deleted_at IS NULL AND next_run_at <= $1 ORDER BY next_run_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED""",
        now,
        limit,
    )
    for row in rows:
        try:
            upcoming = next_occurrence(schedule_from_json(row["schedule"]), now) if row["schedule"] else None
        except (ValueError, KeyError, ContactsSyncError):
            _log.error("schedule cannot be read and is stopped", import_id=str(row["id"]))
            upcoming = None
        await connection.execute("UPDATE imports SET next_run_at = $2 WHERE id = $1", row["id"], upcoming)
        try:
            await request_run(connection, row["id"], trigger="schedule", now=now)
        except UserError as error:
            await connection.execute(
                "INSERT INTO missed_occurrences (import_id, due_at, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                row["id"],
                row["next_run_at"],
                error.message,
            )
    return len(rows)


async def next_due(connection: Connection) -> datetime | None:
    """Return when the next schedule comes due."""
    due: datetime | None = await connection.fetchval("SELECT min(next_run_at) FROM imports WHERE deleted_at IS NULL")
    return due


async def claim_queued_runs(connection: Connection, now: datetime, limit: int) -> int:
    """Start queued runs: ask for each to be fetched; returns how many."""
    rows = await connection.fetch(
        """SELECT id, trigger IN ('approve', 'undo') AS has_plan FROM runs WHERE status = 'queued'
        ORDER BY queued_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED""",
        limit,
    )
    for row in rows:
        await connection.execute("UPDATE runs SET started_at = $2 WHERE id = $1", row["id"], now)
        try:
            async with connection.transaction():
                if row["has_plan"]:
                    await ask_for_plan(connection, row["id"], now)
                else:
                    await ask_for_attempt(connection, row["id"], now)
        except (ValueError, ContactsSyncError) as error:  # one unreadable set-up must not hold up the queue
            _log.error("run cannot be asked for", run_id=str(row["id"]), error=type(error).__name__)
            outcome = Outcome("failed", "set_up_unreadable", "The import's set-up cannot be read; save it anew.")
            await close_run(connection, row["id"], 0, outcome, now=now, service=_SERVICE)
    return len(rows)


async def ask_for_attempt(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Ask for the run as its next attempt, from the last durable step: the file, where it was stored whole."""
    run = await connection.fetchrow(
        """UPDATE runs SET attempt = attempt + 1, status = 'queued', beat_at = $2, waited_ms = 0, rows_staged = 0
        WHERE id = $1 RETURNING id, import_id, manager_id, attempt, setup, setup_fingerprint, stored, dry_run""",
        run_id,
        now,
    )
    if run is None:
        return
    await enter_step(connection, run_id, run["attempt"], "fetching", service=_SERVICE, now=now)
    setup = RunSetup.model_validate(run["setup"])
    sha256, validators = await _last_applied(connection, run["import_id"], run["setup_fingerprint"], setup)
    requested = ImportRequested(
        event_id=new_id(),
        occurred_at=now,
        run_id=run_id,
        import_id=run["import_id"],
        attempt=run["attempt"],
        source=setup.source,
        parse=setup.parse_rules(run["manager_id"]),
        last_applied_sha256=sha256,
        last_applied_validators=validators,
        time_zone=setup.time_zone,
        stored=StoredFile.model_validate(run["stored"]) if run["stored"] else None,
    )
    await say(connection, _SERVICE, IMPORT_REQUESTED, requested, key=str(run_id))
    await announce(connection, run_id)


async def ask_for_plan(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Ask for a run that approves or undoes another: it has no file to fetch, so it begins with its plan."""
    await connection.execute("UPDATE runs SET attempt = 1, beat_at = $2 WHERE id = $1", run_id, now)
    await enter_step(connection, run_id, 1, "planning", service=_SERVICE, now=now)
    await ask_to_apply(connection, run_id, now)


async def ask_to_apply(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Ask for a run whose rows are all staged to be planned and applied."""
    run = await connection.fetchrow(
        "UPDATE runs SET beat_at = $2 WHERE id = $1 RETURNING import_id, attempt", run_id, now
    )
    if run is None:
        return
    requested = ApplyRequested(
        event_id=new_id(), occurred_at=now, run_id=run_id, import_id=run["import_id"], attempt=run["attempt"]
    )
    await say(connection, _SERVICE, APPLY_REQUESTED, requested, key=str(run_id))


async def _last_applied(
    connection: Connection, import_id: UUID, fingerprint: str, setup: RunSetup
) -> tuple[str | None, Validators | None]:
    """Return hash and validators with which a file ends the run as unchanged: of the last applied run, same set-up."""
    if setup.source.kind != "remote" or setup.options.every_time:
        return None, None
    last = await connection.fetchrow(_LAST_APPLIED, import_id)
    if last is None or last["setup_fingerprint"] != fingerprint:
        return None, None
    return last["file_sha256"], StoredFile.model_validate(last["stored"]).validators if last["stored"] else None
