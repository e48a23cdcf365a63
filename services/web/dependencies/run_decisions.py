"""What a person may decide about a run, and the runs that it is tied to by such decisions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres.database import Connection
from shared.store.plan_requests import why_void
from shared.store.run_view import RunView

_TIED = """SELECT id, queued_at, status, dry_run, approves, undone_by, applied_at IS NOT NULL AS is_applied FROM runs
    WHERE id = ANY ($2) OR approves = $1 ORDER BY id"""

_WAITING = frozenset({"refused", "planned"})


@dataclass(frozen=True)
class TiedRun:
    """A run that this one approves or takes back, or that does so with this one."""

    id: UUID
    queued_at: datetime
    status: str
    dry_run: bool
    approves: UUID | None
    undone_by: UUID | None
    is_applied: bool


@dataclass(frozen=True)
class RunDecisions:
    """Where to go from a run, and what is still to be decided.

    `approval` is the newest approval that applied its plan, or made it anew, or is under way; `void` says in words why
    the plan, though it waits, can't be approved any more.
    """

    approves: TiedRun | None = None
    undoes: TiedRun | None = None
    undone_by: TiedRun | None = None
    approval: TiedRun | None = None
    can_cancel: bool = False
    can_approve: bool = False
    can_approve_in_part: bool = False
    can_undo: bool = False
    can_apply_again: bool = False
    void: str | None = None


async def decisions_on(connection: Connection, run: RunView) -> RunDecisions:
    """Return what can be decided about a run now."""
    wanted = [each for each in (run.approves, run.undoes, run.undone_by) if each]
    tied = [TiedRun(**dict(row)) for row in await connection.fetch(_TIED, run.id, wanted)]
    by_id = {each.id: each for each in tied}
    approvals = [
        each
        for each in tied
        if each.approves == run.id and not each.dry_run and each.status not in {"failed", "cancelled"}
    ]
    undone_by = by_id.get(run.undone_by) if run.undone_by else None
    waits = run.status in _WAITING and not approvals
    void = await why_void(connection, run.id) if waits else None
    counts = run.counts
    changes = counts.added + counts.updated + counts.deleted
    can_approve = waits and void is None
    return RunDecisions(
        approves=by_id.get(run.approves) if run.approves else None,
        undoes=by_id.get(run.undoes) if run.undoes else None,
        undone_by=undone_by,
        approval=approvals[-1] if approvals else None,
        can_cancel=run.finished_at is None and run.status != "applying",
        can_approve=can_approve,
        can_approve_in_part=can_approve and run.undoes is None and 0 < counts.deleted < changes,
        can_undo=run.status in {"succeeded", "succeeded_with_errors"} and undone_by is None and changes > 0,
        can_apply_again=undone_by is not None and undone_by.is_applied and undone_by.undone_by is None,
        void=void,
    )
