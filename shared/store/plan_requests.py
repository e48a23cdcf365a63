"""Runs that take up the plan of another: approvals and undos, queued like all others.

Each function works in the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.store.runs import run_active, setup_of

_RUN = "SELECT id, number, import_id, status, undoes, undone_by, applied_at FROM runs WHERE id = $1"

_NEWER = """
SELECT EXISTS (SELECT FROM runs n WHERE n.import_id = $1 AND n.number > $2 AND n.trigger NOT IN ('approve', 'undo')
    AND n.status IN ('succeeded', 'succeeded_with_errors', 'planned', 'unchanged', 'refused'))
"""

# An approval that had to be shown again is approved in its turn; all of them are about one plan.
_APPROVED_ALREADY = """
WITH RECURSIVE approved AS (
    SELECT id, approves FROM runs WHERE id = $1
    UNION ALL SELECT r.id, r.approves FROM runs r JOIN approved a ON a.approves = r.id
), approvals AS (
    SELECT id, applied_at FROM runs WHERE approves = (SELECT id FROM approved WHERE approves IS NULL)
    UNION ALL SELECT r.id, r.applied_at FROM runs r JOIN approvals a ON r.approves = a.id)
SELECT EXISTS (SELECT FROM approvals WHERE applied_at IS NOT NULL)
"""

_IMPORT = "SELECT deleted_at IS NOT NULL AS is_deleted, is_draft FROM imports WHERE id = $1"

_NEWEST = """
SELECT id, setup_fingerprint FROM runs WHERE id = (
    SELECT id FROM runs WHERE import_id = $1 ORDER BY id DESC LIMIT 1)
    AND dry_run AND status = 'planned' AND error_code IS NULL
"""

_UNDONE_ALREADY = "SELECT undone_by IS NOT NULL FROM runs WHERE id = $1"

_QUEUE = """
INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at, stored,
    file_name, file_bytes, file_sha256, bytes, bytes_total, approves, undoes, additions_and_updates_only, requested_by,
    reason)
SELECT $1, import_id, manager_id, $3, $4, 'queued', setup, setup_fingerprint, $5, stored,
    file_name, file_bytes, file_sha256, bytes, bytes_total, $6, $7,
    $8 OR ($3 = 'approve' AND additions_and_updates_only), $9, $10
FROM runs WHERE id = $2
"""


@dataclass(frozen=True)
class PlanRequest:
    """Who asks for it and why; `dry_run` shows what it would do."""

    account_id: UUID | None
    now: datetime
    dry_run: bool = False
    reason: str | None = None
    additions_and_updates_only: bool = False


async def request_approval(connection: Connection, run_id: UUID, request: PlanRequest) -> UUID:
    """Queue a run that applies the plan of a refused run or of a dry run; returns its id.

    UserError `run_not_found`, `not_approvable`, `plan_void` where a newer run of the import read the file and did not
    fail, or the plan was applied or its run undone already, `run_active`.
    """
    run = await _locked(connection, run_id)
    if run["status"] not in {"refused", "planned"}:
        raise UserError("not_approvable", "Only a refused run, or a dry run, has a plan that waits to be approved.")
    if reason := await _why_void(connection, run):
        raise UserError("plan_void", reason)
    if run["undoes"] is not None and request.additions_and_updates_only:
        raise UserError("not_approvable", "An undo is approved as a whole.")
    return await _queue(connection, run_id, "approve", request, approves=run_id, undoes=run["undoes"])


async def request_undo(connection: Connection, run_id: UUID, request: PlanRequest) -> UUID:
    """Queue a run that takes an applied run back; returns its id.

    UserError `run_not_found`, `not_undoable` where it was not applied or is undone, `run_active`.
    """
    run = await _locked(connection, run_id)
    if run["applied_at"] is None:
        raise UserError("not_undoable", "This run changed nothing, so there is nothing to undo.")
    if run["undone_by"] is not None:
        raise UserError("not_undoable", "This run was undone already. To have it back, undo the run that undid it.")
    return await _queue(connection, run_id, "undo", request, approves=None, undoes=run_id)


async def plan_to_run(connection: Connection, import_id: UUID) -> UUID | None:
    """Return the newest run of an import, if it is a dry run of its set-up as it is now, and would not be refused."""
    newest = await connection.fetchrow(_NEWEST, import_id)
    if newest is None:
        return None
    _, setup = await setup_of(connection, import_id)
    return newest["id"] if newest["setup_fingerprint"] == setup.fingerprint() else None


async def why_void(connection: Connection, run_id: UUID) -> str | None:
    """Return why the plan of a run, which waits, can't be approved any more, in words; None where it can."""
    run = await connection.fetchrow(_RUN, run_id)
    return await _why_void(connection, run) if run else None


async def _why_void(connection: Connection, run: asyncpg.Record) -> str | None:
    if await connection.fetchval(_APPROVED_ALREADY, run["id"]):
        return "This plan was applied already."
    if run["undoes"] is not None:
        undone = await connection.fetchval(_UNDONE_ALREADY, run["undoes"])
        return "The run that this plan takes back was undone already." if undone else None
    about = await connection.fetchrow(_IMPORT, run["import_id"])
    if about is None or about["is_deleted"]:
        return "The import was deleted, so what it planned is not applied any more."
    if about["is_draft"]:
        return "The set-up of this import is not finished: it is run from there."
    if await connection.fetchval(_NEWER, run["import_id"], run["number"]):
        return "A newer run of this import has read the file, so this plan is out of date."
    return None


async def _locked(connection: Connection, run_id: UUID) -> asyncpg.Record:
    run = await connection.fetchrow(f"{_RUN} FOR NO KEY UPDATE", run_id)
    if run is None:
        raise UserError("run_not_found", "There is no such run.")
    return run


async def _queue(
    connection: Connection,
    run_id: UUID,
    trigger: str,
    request: PlanRequest,
    *,
    approves: UUID | None,
    undoes: UUID | None,
) -> UUID:
    queued = new_id()
    try:
        async with connection.transaction():
            await connection.execute(
                _QUEUE,
                queued,
                run_id,
                trigger,
                request.dry_run,
                request.now,
                approves,
                undoes,
                request.additions_and_updates_only,
                request.account_id,
                request.reason,
            )
    except asyncpg.UniqueViolationError as error:
        raise run_active() from error
    return queued
