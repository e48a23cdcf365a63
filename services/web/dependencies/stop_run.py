"""A run stopped by a person, as long as it has not begun to apply."""

from uuid import UUID

from services.web.dependencies.decide_runs import about_run
from services.web.dependencies.resources import Resources
from shared.errors import UserError
from shared.store.audit_log import Actor
from shared.store.run_end import Outcome, close_run
from shared.store.run_view import RunView, get_run


async def stop_run(resources: Resources, run_id: UUID, by: Actor) -> RunView:
    """Cancel a run; UserError `run_not_found`, `run_applying` or `run_finished`."""
    async with resources.change(by) as change:
        connection = change.connection
        await connection.execute("SELECT FROM runs WHERE id = $1 FOR NO KEY UPDATE", run_id)
        run = await get_run(connection, run_id)
        stopped = await close_run(
            connection,
            run_id,
            run.attempt,
            Outcome("cancelled"),
            now=change.now,
            service="web",
            unless=("applying",),
        )
        if not stopped and run.finished_at is None:
            raise UserError("run_applying", "The run is writing its changes and can't be stopped any more.")
        if not stopped:
            raise UserError("run_finished", "The run has ended already.")
        await change.note("run.cancelled", await about_run(change, run_id))
        return await get_run(connection, run_id)
