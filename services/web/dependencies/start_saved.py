"""The run that somebody wants of an import right after they have saved it."""

from uuid import UUID

from services.web.dependencies.decide_runs import approve_plan
from services.web.dependencies.resources import Resources
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.plan_requests import PlanRequest, plan_to_run
from shared.store.run_view import latest_runs
from shared.store.runs import request_run


async def start_saved(
    resources: Resources, visitor: Session, import_id: UUID, *, dry_run: bool, shown: UUID | None
) -> UUID | None:
    """Queue a run and return it; where none can begin, the one under way, else None: what was saved stays saved.

    Where somebody who may approve was `shown` a dry run of this very set-up, what they saw is what is done.
    """
    try:
        async with resources.change(visitor.actor) as change:
            if shown is not None and not dry_run and visitor.may(Role.APPROVER):
                plan = await plan_to_run(change.connection, import_id)
                if plan == shown:
                    return await approve_plan(change, plan, PlanRequest(visitor.account_id, change.now))
            return await request_run(
                change.connection,
                import_id,
                trigger="now",
                now=change.now,
                dry_run=dry_run,
                account_id=visitor.account_id,
            )
    except UserError:
        async with resources.database.pool.acquire() as connection:
            active: UUID | None = await connection.fetchval(
                "SELECT id FROM runs WHERE import_id = $1 AND finished_at IS NULL", import_id
            )
        return active


async def newest_run(resources: Resources, import_id: UUID) -> UUID | None:
    """Return what was begun by who has saved an import already; None where nothing was."""
    async with resources.database.pool.acquire() as connection:
        found = await latest_runs(connection, [import_id])
    return found[import_id].id if import_id in found else None
