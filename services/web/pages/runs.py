"""A run, live while it goes on; what it would change or did, and the history of an import."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.decide_runs import approve_plan, undo_run
from services.web.dependencies.file_purpose import Purpose
from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import id_place, page_of, place_of
from services.web.dependencies.problems import status_of
from services.web.dependencies.rejected_file import rejected_file
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.run_decisions import decisions_on
from services.web.dependencies.run_events import run_events
from services.web.dependencies.stop_run import stop_run
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.dependencies.whole_file import whole_file
from services.web.pages.render import live_run, page
from services.web.pages.run_plan import PlanKind, plan_part
from services.web.pages.run_problems import problems_part
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.imports import get_import
from shared.store.plan_requests import PlanRequest
from shared.store.run_details import Reason
from shared.store.run_mail import mail_of_run
from shared.store.run_view import get_run, list_runs
from shared.store.schedules import missed_of

router = page_router()

_RUNS = 50
_REASON_LENGTH = 1000
_MISSED = 20

_ABOUT = """SELECT i.id, i.name, i.manager_id, i.deleted_at, i.is_draft, m.name AS manager_name
    FROM imports i JOIN managers m ON m.id = i.manager_id WHERE i.id = $1"""


class RunPart(BaseModel):
    """What of a run its page shows, as its address says: of its plan, and below `q` of its problems."""

    kind: PlanKind | None = None
    cursor: str | None = Field(None, max_length=4000)
    q: str = Field("", max_length=200)
    reason: str | None = Field(None, max_length=100)
    column: str | None = Field(None, max_length=10_000)
    problems: str | None = Field(None, max_length=4000)


@dataclass(frozen=True)
class _Shown:
    """Which parts of the plan and of the problems are shown, and what was wrong with what the visitor asked for."""

    part: RunPart = field(default_factory=RunPart)
    error: UserError | None = None
    reason: str = ""


@router.get("/runs/{run_id}")
@needs(Role.VIEWER)
async def show_run(
    run_id: UUID,
    request: Request,
    resources: Open,
    visitor: Visitor,
    part: Annotated[RunPart, Query()],
) -> Response:
    """Show a run, a part of its plan and a part of its problems."""
    return await _run_page(request, resources, visitor, run_id, _Shown(part))


@router.get("/runs/{run_id}/events")
@needs(Role.VIEWER)
async def watch_run(run_id: UUID, resources: Open) -> Response:
    """Stream the run to pages, as they show it."""
    return await run_events(resources, run_id, live_run)


@router.get("/runs/{run_id}/rejected.csv")
@needs(Role.VIEWER)
async def download_rejected_rows(
    run_id: UUID,
    resources: Open,
    purpose: Purpose = "import",
) -> Response:
    """Send the rejected rows as a file; the API's needs a token, which a browser's link does not have."""
    return await rejected_file(resources, run_id, for_spreadsheet=purpose == "spreadsheet")


@router.get("/runs/{run_id}/file.csv")
@needs(Role.EDITOR)
async def download_file(run_id: UUID, resources: Open, visitor: Visitor) -> Response:
    """Send the file that the run read."""
    return await whole_file(resources, run_id, visitor.actor, visitor.role)


@router.post("/runs/{run_id}/cancel")
@needs(Role.EDITOR)
async def cancel(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Stop the run."""
    await checked_form(request, resources, visitor)
    try:
        await stop_run(resources, run_id, visitor.actor)
    except UserError as error:
        return await _run_page(request, resources, visitor, run_id, _Shown(error=error))
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.post("/runs/{run_id}/approve")
@needs(Role.APPROVER)
async def approve(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Apply the plan of a refused run, a dry run or an undo that was only shown, and show the run that does."""
    form = await checked_form(request, resources, visitor)
    reason = str(form.get("reason", "")).replace("\0", "").strip()[:_REASON_LENGTH]
    asked = PlanRequest(
        account_id=visitor.account_id,
        now=resources.clock.now(),
        reason=reason or None,
        additions_and_updates_only=form.get("only") == "additions_and_updates",
    )
    try:
        async with resources.change(visitor.actor) as change:
            approval = await approve_plan(change, run_id, asked)
    except UserError as error:
        return await _run_page(request, resources, visitor, run_id, _Shown(error=error, reason=reason))
    return RedirectResponse(f"/runs/{approval}", 303)


@router.post("/runs/{run_id}/undo")
@needs(Role.APPROVER)
async def show_undo(run_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Plan what taking the run back would do; that plan's page is where it is decided."""
    await checked_form(request, resources, visitor)
    asked = PlanRequest(account_id=visitor.account_id, now=resources.clock.now(), dry_run=True)
    try:
        async with resources.change(visitor.actor) as change:
            shown = await undo_run(change, run_id, asked)
    except UserError as error:
        return await _run_page(request, resources, visitor, run_id, _Shown(error=error))
    return RedirectResponse(f"/runs/{shown}", 303)


@router.get("/imports/{import_id}/runs")
@needs(Role.VIEWER)
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
    if about is None or about["is_draft"]:
        return page(request, "error.html", visitor, status=404, message="There is no such import.")
    return page(request, "history.html", visitor, about=about, runs=runs, missed=missed, entry=entry)


async def _run_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    run_id: UUID,
    shown: _Shown,
) -> Response:
    async with resources.database.pool.acquire() as connection:
        run = await get_run(connection, run_id)
        about = await connection.fetchrow(_ABOUT, run.import_id)
        decisions = await decisions_on(connection, run)
        part = shown.part
        reason = None if part.reason is None else Reason(part.reason, part.column)
        problems = await problems_part(resources, connection, run, reason, part.problems)
        mail = await mail_of_run(connection, run_id)
        plan = await plan_part(connection, run, part.kind, part.cursor, part.q.replace("\0", "").strip())
    return page(
        request,
        "run.html",
        visitor,
        status=status_of(shown.error) if shown.error else 200,
        run=run,
        about=about,
        problems=problems,
        decisions=decisions,
        plan=plan,
        mail=mail,
        error=shown.error,
        reason=shown.reason,
    )
