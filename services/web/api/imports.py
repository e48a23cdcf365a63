"""Imports: saved set-ups, and their runs asked for and listed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from services.web.dependencies import change_imports
from services.web.dependencies.answer_once import answer_once
from services.web.dependencies.api_route import Account, By, api_router
from services.web.dependencies.change import Change
from services.web.dependencies.paging import Cursor, Limit, Page, id_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.view_imports import view_imports
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_document import ImportView
from services.web.forms.import_input import ImportInput
from services.web.security.access import needs
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store import imports as store
from shared.store.run_view import RunView, get_run, list_runs
from shared.store.runs import request_run

router = api_router("imports")


class RunInput(BaseModel):
    """How to run."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False


@router.post("/imports", status_code=201, response_model=ImportView)
@needs(Role.EDITOR)
async def create_import(wanted: ImportInput, request: Request, resources: Open, by: By) -> JSONResponse:
    """Set up an import; starts no run."""

    async def create(connection: Connection) -> ImportView:
        change = Change(connection, by, resources.clock.now())
        draft = await draft_import(ImportDesk(connection, resources.sealer, change.now), wanted)
        import_id = await change_imports.make_import(change, resources.sealer, draft)
        saved = await store.get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]

    return await answer_once(request, resources, create)


@router.get("/imports")
@needs(Role.VIEWER)
async def list_imports(
    resources: Open,
    manager_id: Annotated[UUID | None, Query(description="Only those of this contact manager")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ImportView]:
    """List imports in the order they were made."""
    after = place_of(cursor, id_place)
    async with resources.database.pool.acquire() as connection:
        found = await store.list_imports(connection, manager_id=manager_id, after=after, limit=limit + 1)
        views = await view_imports(connection, resources, found)
    return page_of(views, limit, lambda view: view.id)


@router.get("/imports/{import_id}")
@needs(Role.VIEWER)
async def get_import(import_id: UUID, resources: Open) -> ImportView:
    """Read an import; secrets are never read back."""
    async with resources.database.pool.acquire() as connection:
        saved = await store.get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]


@router.patch("/imports/{import_id}")
@needs(Role.EDITOR)
async def change_import(import_id: UUID, patch: dict[str, Any], resources: Open, by: By) -> ImportView:
    """Change an import by JSON Merge Patch; a secret that is absent is kept."""
    async with resources.change(by) as change:
        connection = change.connection
        saved = await store.get_import(connection, import_id, lock=True)
        await change_imports.change_import(change, resources.sealer, saved, patch)
        saved = await store.get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]


@router.delete("/imports/{import_id}", status_code=204)
@needs(Role.EDITOR)
async def delete_import(import_id: UUID, resources: Open, by: By) -> Response:
    """Deactivate an import and take it off the list; its runs and contacts stay."""
    async with resources.change(by) as change:
        await change_imports.remove_import(change, import_id)
    return Response(status_code=204)


@router.post("/imports/{import_id}/runs", status_code=202, response_model=RunView)
@needs(Role.EDITOR)
async def start_run(
    import_id: UUID,
    request: Request,
    resources: Open,
    account: Account,
    wanted: Annotated[RunInput | None, Body()] = None,
) -> JSONResponse:
    """Ask for a run now; 409 while one is under way."""

    async def create(connection: Connection) -> RunView:
        dry_run = wanted is not None and wanted.dry_run
        now = resources.clock.now()
        run_id = await request_run(connection, import_id, trigger="api", now=now, dry_run=dry_run, account_id=account)
        return await get_run(connection, run_id)

    return await answer_once(request, resources, create, status=202)


@router.get("/imports/{import_id}/runs")
@needs(Role.VIEWER)
async def runs_of_import(import_id: UUID, resources: Open, limit: Limit = 100, cursor: Cursor = None) -> Page[RunView]:
    """List an import's runs, the newest first; those of a deleted import too."""
    before = place_of(cursor, id_place)
    async with resources.database.pool.acquire() as connection:
        await store.import_existed(connection, import_id)
        found = await list_runs(connection, import_id, before=before, limit=limit + 1)
    return page_of(found, limit, lambda run: run.id)
