"""The one end of a run. Owner: scheduler; the syncer's apply transaction and web's cancel call it too."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.events.runs import FinalStatus, ImportCancelled, ImportFinished, RunCounts, RunError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.postgres.outbox import say
from shared.store.problems import first_problems
from shared.store.runs import announce
from shared.store.set_ups import RunSetup
from shared.store.staging import clear_staging
from shared.topics import IMPORT_CANCELLED, IMPORT_FINISHED


@dataclass(frozen=True)
class Outcome:
    """How a run ends; file and balance are given by whoever knows them."""

    status: FinalStatus
    code: str | None = None
    message: str | None = None
    counts: RunCounts | None = None
    balance: dict[str, int] | None = None
    file_name: str | None = None
    file_bytes: int | None = None
    file_sha256: str | None = None


async def close_run(
    connection: Connection,
    run_id: UUID,
    attempt: int,
    outcome: Outcome,
    *,
    now: datetime,
    service: str,
    unless: tuple[str, ...] = (),
) -> bool:
    """End a run, once, and say `import.finished`; false where it is not open, the attempt not current, or `unless`.

    `unless` names states in which this caller must not end it: cancel and time-out stop at `applying`.
    """
    row = await connection.fetchrow(
        """SELECT import_id, manager_id, trigger, dry_run, setup, queued_at, status, file_name, file_sha256, stored,
            (SELECT is_draft FROM imports WHERE id = import_id) AS is_draft
        FROM runs WHERE id = $1 AND attempt = $2 AND finished_at IS NULL FOR NO KEY UPDATE""",
        run_id,
        attempt,
    )
    if row is None or row["status"] in unless:
        return False
    counts = outcome.counts or RunCounts()
    file_name = outcome.file_name or row["file_name"]
    sha256 = outcome.file_sha256 or row["file_sha256"]
    await connection.execute(
        """WITH ended AS (UPDATE run_steps SET finished_at = $3 WHERE run_id = $1 AND finished_at IS NULL)
        UPDATE runs SET status = $2, finished_at = $3, counts = $4, balance = $5, error_code = $6,
        error_message = $7, file_name = $8, file_bytes = coalesce($9, file_bytes), file_sha256 = $10 WHERE id = $1""",
        run_id,
        outcome.status,
        now,
        counts.model_dump(),
        outcome.balance,
        outcome.code,
        outcome.message,
        file_name,
        outcome.file_bytes,
        sha256,
    )
    await clear_staging(connection, run_id, outcome.status)
    setup = RunSetup.model_validate(row["setup"])
    problems, problem_count = await first_problems(connection, run_id)
    about = {"event_id": new_id(), "occurred_at": now, "run_id": run_id, "import_id": row["import_id"]}
    if outcome.status == "cancelled":
        cancelled = ImportCancelled(**about, attempt=max(attempt, 1))
        await say(connection, service, IMPORT_CANCELLED, cancelled, key=str(run_id))
    finished = ImportFinished(
        **about | {"event_id": new_id()},
        attempt=max(attempt, 1),
        status=outcome.status,
        trigger=row["trigger"],
        dry_run=row["dry_run"],
        import_name=setup.name,
        manager_id=row["manager_id"],
        manager_name=setup.manager_name,
        counts=counts,
        error=RunError(code=outcome.code, message=outcome.message or "") if outcome.code else None,
        problems=problems,
        problem_count=problem_count,
        file_name=file_name,
        file_sha256=sha256,
        error_emails=[] if row["is_draft"] else setup.options.error_emails,  # whoever sets it up looks at it
        mails=[] if row["is_draft"] else setup.options.mails,
        time_zone=setup.time_zone,
        queued_at=row["queued_at"],
        finished_at=now,
    )
    await say(connection, service, IMPORT_FINISHED, finished, key=str(run_id))
    await announce(connection, run_id)
    return True
