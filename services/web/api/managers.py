"""Contact managers and their fields."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response
from starlette.responses import JSONResponse

from services.web.dependencies.answer_once import answer_once
from services.web.dependencies.api_route import By, api_router
from services.web.dependencies.change import Change
from services.web.dependencies.change_managers import (
    change_manager,
    make_field,
    make_manager,
    mark_searchable,
    remove_manager,
)
from services.web.dependencies.paging import Cursor, Limit, Page, id_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.forms.manager_input import FieldInput, FieldPatch, ManagerInput
from services.web.forms.merge_patch import merged
from services.web.security.access import needs
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store import managers as store
from shared.store.managers import ManagerView

router = api_router("managers")


@router.post("/managers", status_code=201, response_model=ManagerView)
@needs(Role.EDITOR)
async def create_manager(wanted: ManagerInput, request: Request, resources: Open, by: By) -> JSONResponse:
    """Make a contact manager."""

    async def create(connection: Connection) -> ManagerView:
        manager_id = await make_manager(Change(connection, by, resources.clock.now()), wanted)
        return (await store.get_manager(connection, manager_id)).view()

    return await answer_once(request, resources, create)


@router.get("/managers")
@needs(Role.VIEWER)
async def list_managers(resources: Open, limit: Limit = 100, cursor: Cursor = None) -> Page[ManagerView]:
    """List contact managers in the order they were made."""
    after = place_of(cursor, id_place)
    async with resources.database.pool.acquire() as connection:
        found = await store.list_managers(connection, after=after, limit=limit + 1)
    return page_of([manager.view() for manager in found], limit, lambda view: view.id)


@router.get("/managers/{manager_id}")
@needs(Role.VIEWER)
async def get_manager(manager_id: UUID, resources: Open) -> ManagerView:
    """Read a contact manager."""
    async with resources.database.pool.acquire() as connection:
        return (await store.get_manager(connection, manager_id)).view()


@router.patch("/managers/{manager_id}")
@needs(Role.EDITOR)
async def patch_manager(manager_id: UUID, patch: dict[str, Any], resources: Open, by: By) -> ManagerView:
    """Change a contact manager by JSON Merge Patch: name, key field, searchable fields; fields can be added."""
    async with resources.change(by) as change:
        connection = change.connection
        manager = await store.get_manager(connection, manager_id, lock=True)
        wanted = ManagerInput.model_validate(merged(manager.view().model_dump(mode="json"), patch))
        await change_manager(change, manager_id, wanted, with_key="key_field" in patch)
        return (await store.get_manager(connection, manager_id)).view()


@router.delete("/managers/{manager_id}", status_code=204)
@needs(Role.EDITOR)
async def delete_manager(manager_id: UUID, resources: Open, by: By) -> Response:
    """Delete a contact manager with its contacts, imports and history; 409 while a run is under way."""
    async with resources.change(by) as change:
        await remove_manager(change, manager_id)
    return Response(status_code=204)


@router.post("/managers/{manager_id}/fields", status_code=201, response_model=ManagerView)
@needs(Role.EDITOR)
async def add_field(manager_id: UUID, field: FieldInput, request: Request, resources: Open, by: By) -> JSONResponse:
    """Add a field; answers with the contact manager."""

    async def create(connection: Connection) -> ManagerView:
        await make_field(Change(connection, by, resources.clock.now()), manager_id, field)
        return (await store.get_manager(connection, manager_id)).view()

    return await answer_once(request, resources, create)


@router.patch("/managers/{manager_id}/fields/{name:path}")
@needs(Role.EDITOR)
async def patch_field(manager_id: UUID, name: str, patch: FieldPatch, resources: Open, by: By) -> ManagerView:
    """Make a field searchable or not, at most three beside the unique id; answers with the contact manager."""
    async with resources.change(by) as change:
        await mark_searchable(change, manager_id, {name: patch.is_searchable}, at="is_searchable")
        return (await store.get_manager(change.connection, manager_id)).view()
