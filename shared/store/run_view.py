"""Runs as people and programs see them; `run_details.py` has their plan and their problems."""

import math
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.events.runs import RunCounts, RunError, RunNote
from shared.postgres.database import Connection
from shared.store.run_waits import OTHERS, PAUSED_SINCE, RunWait, wait_of
from shared.store.set_ups import RunTrigger

RunStatus = Literal[
    "queued",
    "fetching",
    "staging",
    "planning",
    "applying",
    "succeeded",
    "succeeded_with_errors",
    "planned",
    "unchanged",
    "refused",
    "failed",
    "cancelled",
]

# Where each step begins and ends on the bar. They take unlike times; what counts is that it never goes back.
_SHARES = {
    "queued": (0, 0),
    "fetching": (1, 40),
    "staging": (40, 80),
    "planning": (80, 90),
    "applying": (90, 90),
}
_USUAL_ROW_BYTES = 60
_UNKNOWN_SIZE = 10_000_000


class RunProgress(BaseModel):
    """How far a run has come."""

    bytes: int
    bytes_total: int | None
    rows: int
    rows_total: int | None = Field(description="Null until the run has ended")
    percent: int = Field(ge=0, le=100, description="100 once the run has ended, in whatever way")


class RunFile(BaseModel):
    """The file that a run read, as far as it is known."""

    name: str | None
    bytes: int | None
    sha256: str | None


class RunBalance(BaseModel):
    """What had to agree before a run was committed: contacts before + added - deleted = after; bytes read = stored."""

    contacts_before: int
    contacts_after: int
    chunk_bytes: int | None = Field(None, description="Of the text, as parsed; null: the run parsed no file")
    text_bytes: int | None = Field(None, description="Of the text, as stored")


class RunStep(BaseModel):
    """A step of a run, and the service that took it there."""

    step: str
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    service: str


class RunView(BaseModel):
    """One execution of an import."""

    id: UUID
    import_id: UUID
    trigger: RunTrigger
    dry_run: bool
    attempt: int
    status: RunStatus
    approves: UUID | None = Field(None, description="The run whose plan this one applies")
    undoes: UUID | None = Field(None, description="The run that this one takes back")
    undone_by: UUID | None = None
    additions_and_updates_only: bool = Field(default=False, description="An approval without the plan's deletes")
    requested_by: str | None = Field(None, description="The login of whoever asked for it, approved or undid")
    approved_by: UUID | None = Field(None, description="The run that applied this one's plan")
    reason: str | None = Field(None, description="Of an approval or undo: why, in their words")
    notes: list[RunNote] = Field([], description="What looks unusual about its plan, and held nothing up")
    progress: RunProgress
    counts: RunCounts
    balance: RunBalance | None = Field(None, description="Of an applied run")
    file: RunFile
    error: RunError | None
    waiting: RunWait | None = Field(None, description="What it waits for, while it does")
    due_at: datetime | None = Field(None, description="The due time that a scheduled run is for")
    time_zone: str = Field("UTC", description="The import's own when the run was asked for")
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    steps: list[RunStep]


_SELECT = f"""SELECT r.id, r.import_id, r.trigger, r.dry_run, r.attempt, r.status, r.queued_at, r.started_at,
    r.finished_at, r.bytes, r.bytes_total, r.rows_staged, r.counts, r.balance, r.file_name, r.file_bytes, r.file_sha256,
    r.error_code, r.error_message, r.due_at, coalesce(r.setup ->> 'time_zone', 'UTC') AS time_zone, r.taken_up_at,
    r.waits_for_turn, r.parsed_from,
    {OTHERS},
    {PAUSED_SINCE},
    r.approves, r.undoes, r.undone_by, r.additions_and_updates_only, r.reason, r.notes,
    a.login AS requested_by,
    (WITH RECURSIVE approvals AS (
        SELECT p.id, p.applied_at FROM runs p WHERE p.approves = r.id
        UNION ALL SELECT p.id, p.applied_at FROM runs p JOIN approvals a ON p.approves = a.id)
    SELECT id FROM approvals WHERE applied_at IS NOT NULL LIMIT 1) AS approved_by, coalesce((
        SELECT jsonb_agg(jsonb_build_object('step', s.step, 'attempt', s.attempt, 'started_at', s.started_at,
            'finished_at', s.finished_at, 'service', s.service)
            ORDER BY s.started_at, s.attempt,
                array_position(ARRAY['fetching', 'staging', 'planning', 'applying'], s.step))
        FROM run_steps s WHERE s.run_id = r.id), '[]') AS steps
    FROM runs r LEFT JOIN accounts a ON a.id = r.requested_by"""


async def get_run(connection: Connection, run_id: UUID) -> RunView:
    """Return a run; UserError `run_not_found`."""
    row = await connection.fetchrow(f"{_SELECT} WHERE r.id = $1", run_id)
    if row is None:
        raise UserError("run_not_found", "There is no such run.")
    return _view(dict(row))


async def list_runs(connection: Connection, import_id: UUID, *, before: UUID | None, limit: int) -> list[RunView]:
    """Return runs of an import, the newest first, those before an id: ids are in the order of time."""
    rows = await connection.fetch(
        f"""{_SELECT} WHERE r.import_id = $1 AND ($2::uuid IS NULL OR r.id < $2)
        ORDER BY r.id DESC LIMIT $3""",
        import_id,
        before,
        limit,
    )
    return [_view(dict(row)) for row in rows]


async def latest_runs(connection: Connection, import_ids: list[UUID], *, for_real: bool = False) -> dict[UUID, RunView]:
    """Return the latest run of each import that has one; `for_real`: that was no dry run, and no undo only shown."""
    rows = await connection.fetch(
        f"""{_SELECT} JOIN unnest($1::uuid[]) AS wanted (import_id) ON r.id = (
            SELECT l.id FROM runs l WHERE l.import_id = wanted.import_id AND NOT (l.dry_run AND $2)
            ORDER BY l.id DESC LIMIT 1)""",
        import_ids,
        for_real,
    )
    return {row["import_id"]: _view(dict(row)) for row in rows}


async def latest_imports(connection: Connection, import_ids: list[UUID]) -> dict[UUID, datetime]:
    """Return when each import was last performed: when that ended, or was asked for while it goes on; no dry run."""
    rows = await connection.fetch(
        """SELECT r.import_id, coalesce(r.finished_at, r.queued_at) AS performed_at
        FROM runs r JOIN unnest($1::uuid[]) AS wanted (import_id) ON r.id = (
            SELECT l.id FROM runs l WHERE l.import_id = wanted.import_id AND NOT l.dry_run AND l.status <> 'planned'
            ORDER BY l.id DESC LIMIT 1)""",
        import_ids,
    )
    return {row["import_id"]: row["performed_at"] for row in rows}


def percent_done(status: str, *, bytes_done: int, bytes_total: int | None, rows: int) -> int:
    """Return how far an open run has come, 0 to 99: the steps in order, within them bytes, then rows.

    How many rows there will be is guessed from the bytes, along a curve that rises for ever, never to arrive.
    """
    low, high = _SHARES[status]
    share = 0.0
    if status == "fetching":
        share = bytes_done / bytes_total if bytes_total else 1 - math.exp(-bytes_done / _UNKNOWN_SIZE)
    elif status == "staging":
        share = 1 - math.exp(-2 * rows * _USUAL_ROW_BYTES / max(bytes_done, bytes_total or 0, 1))
    return low + int((high - low) * min(share, 1.0))


def _view(row: dict[str, Any]) -> RunView:
    ended = row["finished_at"] is not None
    counts = RunCounts.model_validate(row["counts"] or {})
    percent = 100
    if not ended:
        percent = percent_done(
            row["status"], bytes_done=row["bytes"], bytes_total=row["bytes_total"], rows=row["rows_staged"]
        )
    progress = RunProgress(
        bytes=row["bytes"],
        bytes_total=row["bytes_total"],
        rows=row["rows_staged"],
        rows_total=counts.read if ended else None,
        percent=percent,
    )
    error = RunError(code=row["error_code"], message=row["error_message"] or "") if row["error_code"] else None
    return RunView.model_validate(
        row
        | {
            "counts": counts,
            "progress": progress,
            "file": RunFile(name=row["file_name"], bytes=row["file_bytes"], sha256=row["file_sha256"]),
            "error": error,
            "waiting": wait_of(row),
        }
    )
