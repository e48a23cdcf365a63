"""Contact managers: the list, and one with its fields and contacts."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import RedirectResponse, Response

from services.web.dependencies import change_managers
from services.web.dependencies.contacts_file import contacts_file
from services.web.dependencies.file_purpose import Purpose
from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import name_and_id, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.invalid import input_errors
from services.web.forms.manager_input import FieldInput, ManagerInput
from services.web.pages.contact_list import Entered, Listing, manager_page
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.managers import count_managers, find_managers

router = page_router()

_SHOWN = 100
_MANY = 10
"""From so many managers on there is something to choose from."""


class ManagersPart(BaseModel):
    """Which managers the page lists, as its address says."""

    q: str = Field("", max_length=200)
    cursor: str | None = Field(None, max_length=4000)


@router.get("/")
@needs(Role.VIEWER)
async def show_managers(
    request: Request, resources: Open, visitor: Visitor, part: Annotated[ManagersPart, Query()]
) -> Response:
    """List contact managers by name, or those that a text finds."""
    return await _managers_page(request, resources, visitor, part)


@router.post("/managers")
@needs(Role.EDITOR)
async def make_manager(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Make a contact manager with the fields that were named, one a line."""
    form = await checked_form(request, resources, visitor)
    name, fields = str(form.get("name", "")), str(form.get("fields", ""))
    try:
        wanted = ManagerInput.model_validate(
            {"name": name, "fields": [{"name": line} for line in fields.splitlines() if line.strip()]}
        )
        async with resources.change(visitor.actor) as change:
            manager_id = await change_managers.make_manager(change, wanted)
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        return await _managers_page(request, resources, visitor, ManagersPart(), error=shown, name=name, fields=fields)
    return RedirectResponse(f"/managers/{manager_id}", 303)


@router.get("/managers/{manager_id}")
@needs(Role.VIEWER)
async def show_manager(
    manager_id: UUID,
    request: Request,
    resources: Open,
    visitor: Visitor,
    cursor: str | None = None,
    q: str = "",
    sort: Literal["unique_id", "changed"] = "unique_id",
) -> Response:
    """Show a manager's contacts and fields; what is looked for comes by where it is found."""
    wanted = q.replace("\0", "")
    listing = Listing(cursor, wanted, by_change=sort == "changed" and not wanted)
    return await manager_page(request, resources, visitor, manager_id, listing)


@router.post("/managers/{manager_id}/fields")
@needs(Role.EDITOR)
async def make_field(manager_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Add a field."""
    form = await checked_form(request, resources, visitor)
    name, kind = str(form.get("name", "")), str(form.get("kind", ""))
    try:
        wanted = FieldInput.model_validate({"name": name, "kind": kind})
        async with resources.change(visitor.actor) as change:
            await change_managers.make_field(change, manager_id, wanted)
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        entered = Entered("field", shown, {"field_name": name, "field_kind": kind})
        return await manager_page(request, resources, visitor, manager_id, entered=entered)
    return RedirectResponse(f"/managers/{manager_id}#fields", 303)


@router.post("/managers/{manager_id}/searchable-fields")
@needs(Role.EDITOR)
async def mark_fields(manager_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Make those fields searchable that were ticked, of those that the form named; others stay as they are."""
    form = await checked_form(request, resources, visitor)
    ticked = [str(name) for name in form.getlist("searchable")]
    try:
        async with resources.change(visitor.actor) as change:
            marks: dict[str, bool | None] = {str(name): str(name) in ticked for name in form.getlist("field")}
            await change_managers.mark_searchable(change, manager_id, marks, at="searchable")
    except UserError as error:
        entered = Entered("searchable", error, {"ticked": ticked})
        return await manager_page(request, resources, visitor, manager_id, entered=entered)
    return RedirectResponse(f"/managers/{manager_id}#fields", 303)


@router.get("/managers/{manager_id}/contacts.csv")
@needs(Role.VIEWER)
async def export(
    manager_id: UUID,
    resources: Open,
    purpose: Purpose = "import",
) -> Response:
    """Give all contacts as a file."""
    return await contacts_file(resources, manager_id, for_spreadsheet=purpose == "spreadsheet")


async def _managers_page(
    request: Request,
    resources: Open,
    visitor: Visitor,
    part: ManagersPart,
    *,
    error: UserError | None = None,
    **entered: str,
) -> Response:
    text, after = part.q.replace("\0", "").strip(), place_of(part.cursor, name_and_id)
    async with resources.database.pool.acquire() as connection:
        count = await count_managers(connection)
        found = await find_managers(connection, text, after=after, limit=_SHOWN + 1)
    shown = page_of(found, _SHOWN, lambda manager: [manager.name, str(manager.id)])
    return page(
        request,
        "managers.html",
        visitor,
        status=422 if error else 200,
        managers=shown,
        part=part,
        has_search=count > _MANY or text,
        error=error,
        **entered,
    )
