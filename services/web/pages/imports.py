"""The Synchronization home page: a manager's imports, run now and deleted from here."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change_imports import remove_import
from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.import_document import ImportView
from services.web.pages.render import YELLOW, page
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.import_drafts import list_drafts
from shared.store.imports import get_import, list_imports
from shared.store.managers import get_manager
from shared.store.run_details import ProblemView, problems_of
from shared.store.runs import request_run

router = page_router()

_LISTED_PROBLEMS = 11  # ten are shown; one more tells that there are more
_IMPORTS = 500
_DRAFTS = 20


@dataclass(frozen=True)
class _Line:
    """One import in the list, with the problems of its latest run."""

    entry: ImportView
    problems: list[ProblemView]


@router.get("/managers/{manager_id}/imports")
@needs(Role.VIEWER)
async def show_imports(manager_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """List a manager's imports."""
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        saved = await list_imports(connection, manager_id=manager_id, after=None, limit=_IMPORTS)
        drafts = []
        if visitor.may(Role.EDITOR):
            drafts = await list_drafts(connection, manager_id=manager_id, account_id=visitor.account_id, limit=_DRAFTS)
        lines = []
        for entry in await view_imports(connection, resources, saved):
            problems: list[ProblemView] = []
            if entry.latest_run and entry.latest_run.status in YELLOW:
                found = await problems_of(connection, entry.latest_run.id, after=None, limit=_LISTED_PROBLEMS)
                problems = [problem for _, problem in found]
            lines.append(_Line(entry, problems))
    return page(request, "imports.html", visitor, manager=manager, lines=lines, drafts=drafts)


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
