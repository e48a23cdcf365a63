"""A run, live while it goes on, and the history of an import."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.paging import id_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.run_events import run_events
from services.web.dependencies.stop_run import stop_run
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from shared.store.imports import get_import
from shared.store.run_details import problems_of
from shared.store.run_view import get_run, list_runs
from shared.store.schedules import missed_of

router = APIRouter(include_in_schema=False)

_PROBLEMS = 200
_RUNS = 50
_MISSED = 20

_ABOUT = """SELECT i.id, i.name, i.manager_id, i.deleted_at, m.name AS manager_name
    FROM imports i JOIN managers m ON m.id = i.manager_id WHERE i.id = $1"""


@router.get("/runs/{run_id}")
async def show_run(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show a run."""
    async with resources.database.pool.acquire() as connection:
        run = await get_run(connection, run_id)
        about = await connection.fetchrow(_ABOUT, run.import_id)
        found = await problems_of(connection, run_id, after=None, limit=_PROBLEMS)
        count = await connection.fetchval("SELECT count(*) FROM run_problems WHERE run_id = $1", run_id)
    problems = [problem for _, problem in found]
    return page(request, "run.html", visitor, run=run, about=about, problems=problems, problem_count=count)


@router.get("/runs/{run_id}/events")
async def watch_run(run_id: UUID, resources: Open, visitor: Visitor) -> Response:  # noqa: ARG001 - has to be signed in
    """Stream the run to its page; the API's stream needs a token, which a browser's page does not have."""
    return await run_events(resources, run_id)


@router.post("/runs/{run_id}/cancel")
async def cancel(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Stop the run."""
    await checked_form(request, resources, visitor)
    await stop_run(resources, run_id)
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.get("/imports/{import_id}/runs")
async def show_history(
    import_id: UUID, request: Request, resources: Open, visitor: Visitor, cursor: str | None = None
) -> Response:
    """List an import's runs."""
    async with resources.database.pool.acquire() as connection:
        about = await connection.fetchrow(_ABOUT, import_id)
        found = await list_runs(connection, import_id, before=place_of(cursor, id_place), limit=_RUNS + 1)
        missed = await missed_of(connection, import_id, limit=_MISSED)
        entry = None
        if about is not None and about["deleted_at"] is None:
            (entry,) = await view_imports(connection, resources, [await get_import(connection, import_id)])
    runs = page_of(found, _RUNS, lambda run: run.id)
    if about is None:
        return page(request, "error.html", visitor, status=404, message="There is no such import.")
    return page(request, "history.html", visitor, about=about, runs=runs, missed=missed, entry=entry)
