"""Plans approved and runs undone by people, each noted in the audit log; for the API and the pages."""

from uuid import UUID

from services.web.dependencies.change import Change
from shared.store.audit_log import AuditObject, Details
from shared.store.plan_requests import PlanRequest, request_approval, request_undo

_RUN = "SELECT r.undoes, i.name FROM runs r JOIN imports i ON i.id = r.import_id WHERE r.id = $1"


async def approve_plan(change: Change, run_id: UUID, asked: PlanRequest) -> UUID:
    """Queue the run that applies a run's plan and return its id; UserError as `request_approval` says."""
    approval = await request_approval(change.connection, run_id, asked)
    if not asked.dry_run:
        run = await change.connection.fetchrow(_RUN, run_id)
        assert run is not None
        # An undo is shown first, as a plan, and approved then.
        what, about = ("run.undone", run["undoes"]) if run["undoes"] else ("run.approved", run_id)
        await change.note(what, AuditObject("run", about, run["name"]), _details(asked, approval))
    return approval


async def undo_run(change: Change, run_id: UUID, asked: PlanRequest) -> UUID:
    """Queue the run that takes a run back and return its id; UserError as `request_undo` says."""
    undo = await request_undo(change.connection, run_id, asked)
    if not asked.dry_run:
        about = await about_run(change, run_id)
        await change.note("run.undone", about, _details(asked, undo))
    return undo


async def about_run(change: Change, run_id: UUID) -> AuditObject:
    """Return what the audit log calls a run: by the name of its import."""
    run = await change.connection.fetchrow(_RUN, run_id)
    assert run is not None
    return AuditObject("run", run_id, run["name"])


def _details(asked: PlanRequest, queued: UUID) -> Details:
    details: dict[str, object] = {"by the run": queued, "reason": asked.reason}
    if asked.additions_and_updates_only:
        details["only"] = "additions_and_updates"
    return {name: {"before": None, "after": value} for name, value in details.items() if value}
