"""Contact managers: the list, and one with its fields and contacts."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.web.dependencies import change_managers
from services.web.dependencies.contacts_file import contacts_file
from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import Page, number_place, page_of, place_of, text_place
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.forms.invalid import input_errors
from services.web.forms.manager_input import FieldInput, ManagerInput
from services.web.pages.render import page
from services.web.security.access import needs
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.rules.roles import Role
from shared.store.contacts import ContactView, latest_contacts, list_contacts
from shared.store.managers import Manager, get_manager, list_managers

router = page_router()

_SHOWN = 50
_MANAGERS = 1000


@dataclass(frozen=True)
class _Listing:
    """Which contacts are shown: those with a prefix by unique id, or all, the latest changes first."""

    cursor: str | None = None
    prefix: str = ""
    by_change: bool = False


_FIRST_PAGE = _Listing()


@router.get("/")
@needs(Role.VIEWER)
async def show_managers(request: Request, resources: Open, visitor: Visitor) -> Response:
    """List contact managers."""
    return await _managers_page(request, resources, visitor)


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
        return await _managers_page(request, resources, visitor, error=shown, name=name, fields=fields)
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
    """Show a manager's contacts and fields; what is looked for is in the order of the unique ids."""
    wanted = q.replace("\0", "")
    listing = _Listing(cursor, wanted, by_change=sort == "changed" and not wanted)
    return await _manager_page(request, resources, visitor, manager_id, listing)


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
        return await _manager_page(
            request, resources, visitor, manager_id, error=shown, field_name=name, field_kind=kind
        )
    return RedirectResponse(f"/managers/{manager_id}#fields", 303)


@router.get("/managers/{manager_id}/contacts.csv")
@needs(Role.VIEWER)
async def export(manager_id: UUID, resources: Open) -> Response:
    """Give all contacts as a file."""
    return await contacts_file(resources, manager_id)


async def _managers_page(
    request: Request, resources: Open, visitor: Visitor, error: UserError | None = None, **entered: str
) -> Response:
    async with resources.database.pool.acquire() as connection:
        managers = await list_managers(connection, after=None, limit=_MANAGERS)
    managers.sort(key=lambda manager: manager.name.casefold())
    status = 422 if error else 200
    return page(request, "managers.html", visitor, status=status, managers=managers, error=error, **entered)


async def _manager_page(
    request: Request,
    resources: Open,
    visitor: Visitor,
    manager_id: UUID,
    listing: _Listing = _FIRST_PAGE,
    *,
    error: UserError | None = None,
    **entered: str,
) -> Response:
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        contacts = await _listed(connection, manager, listing)
    return page(
        request,
        "manager.html",
        visitor,
        status=422 if error else 200,
        manager=manager,
        contacts=contacts,
        cursor=listing.cursor,
        q=listing.prefix,
        sort="changed" if listing.by_change else "unique_id",
        kinds=[kind.value for kind in Kind],
        error=error,
        **entered,
    )


async def _listed(connection: Connection, manager: Manager, listing: _Listing) -> Page[ContactView]:
    if listing.by_change:
        before = place_of(listing.cursor, number_place)
        latest = await latest_contacts(connection, manager, before=before, limit=_SHOWN + 1)
        numbered = page_of(latest, _SHOWN, lambda one: one[0])
        return Page(items=[contact for _, contact in numbered.items], next=numbered.next)
    after = place_of(listing.cursor, text_place)
    found = await list_contacts(connection, manager, after=after, limit=_SHOWN + 1, prefix=listing.prefix)
    return page_of(found, _SHOWN, lambda contact: contact.unique_id)
