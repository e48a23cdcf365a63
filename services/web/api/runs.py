"""Runs: how far they are, what they would do or did, what was wrong; and stopping one."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import StreamingResponse

from services.web.dependencies.api_route import By, Held, api_router
from services.web.dependencies.file_purpose import Purpose
from services.web.dependencies.paging import Cursor, Limit, Page, number_place, page_of, place_of, two_numbers
from services.web.dependencies.problem_rows import RowProblemView, with_rows
from services.web.dependencies.rejected_file import rejected_file
from services.web.dependencies.resources import Open
from services.web.dependencies.run_events import run_events
from services.web.dependencies.stop_run import stop_run
from services.web.dependencies.whole_file import whole_file
from services.web.forms.text import Text
from services.web.security.access import needs
from shared.rules.roles import Role
from shared.store import run_view as store
from shared.store.plan_search import are_values_searched, find_changes
from shared.store.problem_groups import ProblemGroup, problem_groups
from shared.store.run_details import ChangeKind, PlanChange, plan_changes, problems_of
from shared.store.run_view import RunView

router = api_router("runs")

Sought = Annotated[
    Text,
    Query(
        max_length=200,
        description="Only contacts whose unique id begins with it, or, in a plan of up to 20,000 changes, any value of "
        "which holds it; the first are listed, and there is no next page",
    ),
]


@router.get("/runs/{run_id}")
@needs(Role.VIEWER)
async def get_run(run_id: UUID, resources: Open) -> RunView:
    """Read a run."""
    async with resources.database.pool.acquire() as connection:
        return await store.get_run(connection, run_id)


@router.get("/runs/{run_id}/events", response_class=StreamingResponse)
@needs(Role.VIEWER)
async def watch_run(run_id: UUID, resources: Open) -> StreamingResponse:
    """Get server-sent events called `run`, each with the run as JSON: at once, at each change, until it ends."""
    return await run_events(resources, run_id)


@router.get("/runs/{run_id}/plan")
@needs(Role.VIEWER)
async def get_plan(
    run_id: UUID,
    resources: Open,
    kind: ChangeKind | None = None,
    q: Sought = "",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[PlanChange]:
    """List the changes of a run's plan, with before and after."""
    after = place_of(cursor, number_place)
    async with resources.database.pool.acquire() as connection:
        if q:
            by_value = await are_values_searched(connection, run_id)
            changes = await find_changes(connection, run_id, q, by_value=by_value, kind=kind, limit=limit)
            return Page(items=changes, next=None)
        found = await plan_changes(connection, run_id, kind=kind, after=after, limit=limit + 1)
    page = page_of(found, limit, lambda entry: entry[0])
    return Page(items=[change for _, change in page.items], next=page.next)


@router.get("/runs/{run_id}/problems")
@needs(Role.VIEWER)
async def get_problems(
    run_id: UUID, resources: Open, limit: Limit = 100, cursor: Cursor = None
) -> Page[RowProblemView]:
    """List what was wrong, by line, with the text of the rows; what is about the whole file comes first."""
    after = place_of(cursor, two_numbers)
    async with resources.database.pool.acquire() as connection:
        await store.get_run(connection, run_id)
        found = await problems_of(connection, run_id, after=after, limit=limit + 1)
        page = page_of(found, limit, lambda entry: list(entry[0]))
        items = await with_rows(resources, connection, run_id, [problem for _, problem in page.items])
    return Page(items=items, next=page.next)


@router.get("/runs/{run_id}/reasons")
@needs(Role.VIEWER)
async def get_reasons(run_id: UUID, resources: Open) -> list[ProblemGroup]:
    """List what was wrong by reason, with how often among the first 100,000 problems: errors first."""
    async with resources.database.pool.acquire() as connection:
        await store.get_run(connection, run_id)
        return await problem_groups(connection, run_id)


@router.get("/runs/{run_id}/rejected.csv", response_class=StreamingResponse)
@needs(Role.VIEWER)
async def get_rejected_rows(
    run_id: UUID,
    resources: Open,
    purpose: Purpose = "import",
) -> StreamingResponse:
    """Get the rejected rows: the original columns, then line and reason; fit to be mended and imported again."""
    return await rejected_file(resources, run_id, for_spreadsheet=purpose == "spreadsheet")


@router.get("/runs/{run_id}/file.csv", response_class=StreamingResponse)
@needs(Role.EDITOR)
async def get_file(run_id: UUID, resources: Open, by: By, role: Held) -> StreamingResponse:
    """Get the file that the run read, unpacked; one with a column of passwords is for admins. It is noted who did."""
    return await whole_file(resources, run_id, by, role)


@router.post("/runs/{run_id}/cancel")
@needs(Role.EDITOR)
async def cancel_run(run_id: UUID, resources: Open, by: By) -> RunView:
    """Stop a run; 409 once it applies or has ended."""
    return await stop_run(resources, run_id, by)
