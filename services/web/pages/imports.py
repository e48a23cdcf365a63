"""The Synchronization home page: a manager's imports, run now and deleted from here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change_imports import remove_import
from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import name_and_id, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.import_document import ImportView
from services.web.pages.render import YELLOW, page
from services.web.security.access import needs
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.import_drafts import list_drafts
from shared.store.import_list import ImportQuery, ImportState, count_imports, find_imports
from shared.store.imports import get_import
from shared.store.managers import get_manager
from shared.store.run_details import ProblemView, problems_of_runs
from shared.store.run_view import RunView, latest_imports, latest_runs
from shared.store.runs import request_run

router = page_router()

_LISTED_PROBLEMS = 11  # ten are shown; one more tells that there are more
_SHOWN = 50
_DRAFTS = 20
_MANY = 10
"""From so many imports on there is something to choose from."""


class ImportsPart(BaseModel):
    """Which imports the page lists, as its address says."""

    q: str = Field("", max_length=200)
    state: ImportState = "all"
    cursor: str | None = Field(None, max_length=4000)


@dataclass(frozen=True)
class _Line:
    """One import in the list: its latest run for real, with its problems, and one that was only tried after that."""

    entry: ImportView
    run: RunView | None
    tried: RunView | None
    problems: list[ProblemView]
    performed_at: datetime | None


@router.get("/managers/{manager_id}/imports")
@needs(Role.VIEWER)
async def show_imports(
    manager_id: UUID, request: Request, resources: Open, visitor: Visitor, part: Annotated[ImportsPart, Query()]
) -> Response:
    """List a manager's imports, or those that a text and a state find."""
    after = place_of(part.cursor, name_and_id)
    text = part.q.replace("\0", "").strip()
    query = ImportQuery(manager_id, resources.clock.now(), text, part.state, after)
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        drafts = []
        if visitor.may(Role.EDITOR):
            drafts = await list_drafts(connection, manager_id=manager_id, account_id=visitor.account_id, limit=_DRAFTS)
        counts = await count_imports(connection, query)
        found = page_of(
            await find_imports(connection, query, limit=_SHOWN + 1), _SHOWN, lambda each: [each[0][0], str(each[0][1])]
        )
        views = await view_imports(connection, resources, [saved for _, saved in found.items])
        lines = await _lines(connection, views)
    return page(
        request,
        "imports.html",
        visitor,
        manager=manager,
        lines=lines,
        counts=counts,
        part=part,
        has_filters=counts["all"] > _MANY or text or part.state != "all",
        next=found.next,
        drafts=drafts,
    )


@router.post("/imports/{import_id}/run")
@needs(Role.EDITOR)
async def run_now(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Import now, or only plan it, and show the run; where one is under way, show that."""
    form = await checked_form(request, resources, visitor)
    dry_run = form.get("dry_run") == "on"
    try:
        async with resources.transaction() as connection:
            run_id = await request_run(
                connection,
                import_id,
                trigger="now",
                now=resources.clock.now(),
                dry_run=dry_run,
                account_id=visitor.account_id,
            )
    except UserError as error:
        if error.code != "run_active":
            raise
        async with resources.database.pool.acquire() as connection:
            run_id = await connection.fetchval(
                "SELECT id FROM runs WHERE import_id = $1 ORDER BY id DESC LIMIT 1", import_id
            )
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.get("/imports/{import_id}/delete")
@needs(Role.EDITOR)
async def ask_to_delete(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Say what deleting does, and ask."""
    async with resources.database.pool.acquire() as connection:
        saved = await get_import(connection, import_id)
        manager = await get_manager(connection, saved.manager_id)
    return page(request, "delete_import.html", visitor, saved=saved, manager=manager)


@router.post("/imports/{import_id}/delete")
@needs(Role.EDITOR)
async def delete(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Deactivate the import and take it off the list."""
    await checked_form(request, resources, visitor)
    async with resources.change(visitor.actor) as change:
        saved = await remove_import(change, import_id)
    return RedirectResponse(f"/managers/{saved.manager_id}/imports", 303)


async def _lines(connection: Connection, views: list[ImportView]) -> list[_Line]:
    tried = {view.id: view.latest_run for view in views if view.latest_run and view.latest_run.dry_run}
    before = await latest_runs(connection, [*tried], for_real=True)
    runs = {view.id: before.get(view.id) if view.id in tried else view.latest_run for view in views}
    yellow = [run.id for run in runs.values() if run and run.status in YELLOW]
    problems = await problems_of_runs(connection, yellow, limit=_LISTED_PROBLEMS)
    performed = await latest_imports(connection, [view.id for view in views])
    return [
        _Line(view, run, tried.get(view.id), problems.get(run.id, []) if run else [], performed.get(view.id))
        for view in views
        for run in [runs[view.id]]
    ]
