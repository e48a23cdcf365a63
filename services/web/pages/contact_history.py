"""Why a contact is as it is: what it holds, where each value came from, and every change of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.paging import Cursor, number_place, page_of, place_of
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor
from services.web.forms.contact_input import checked_id
from services.web.pages.render import page
from services.web.pages.value_origins import value_origins
from services.web.security.access import needs
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.contact_history import ContactChange, contact_history
from shared.store.contacts import ContactView, get_contact
from shared.store.managers import Manager, get_manager

router = page_router()

_SHOWN = 100


@router.get("/managers/{manager_id}/contact-history")
@needs(Role.VIEWER)
async def show_contact_history(
    manager_id: UUID,
    request: Request,
    resources: Open,
    visitor: Visitor,
    unique_id: Annotated[str, Query()],
    cursor: Cursor = None,
) -> Response:
    """Show a contact and its changes, the newest first; one that was deleted too."""
    wanted = checked_id(unique_id)
    before = place_of(cursor, number_place)
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        found = await contact_history(connection, manager, wanted, before=before, limit=_SHOWN + 1)
        contact = await _contact(connection, manager, wanted)
        origins = await _origins(connection, manager, wanted, found) if before is None else {}
    if not found and contact is None:
        message = f"No contact of “{manager.name}” has the unique identifier “{wanted}”, and none ever had."
        return page(request, "error.html", visitor, status=404, message=message)
    changes = page_of(found, _SHOWN, lambda change: change.number)
    return page(
        request,
        "contact_history.html",
        visitor,
        manager=manager,
        unique_id=wanted,
        contact=contact if before is None else None,
        is_there=contact is not None,
        origins=origins,
        changes=changes,
        is_continued=before is not None,
    )


async def _origins(
    connection: Connection, manager: Manager, unique_id: str, newest: list[ContactChange]
) -> dict[str, ContactChange]:
    """Return where each value comes from, going back as far as it takes: a name may change often, and a town never."""
    fields = {field.name for field in manager.fields if field.number != manager.key_field}
    page, origins = newest, value_origins(newest)
    while len(page) > _SHOWN and not fields <= origins.keys() and all(each.change != "added" for each in page):
        page = await contact_history(connection, manager, unique_id, before=page[-1].number, limit=_SHOWN + 1)
        origins = value_origins(page) | origins
    return origins


async def _contact(connection: Connection, manager: Manager, unique_id: str) -> ContactView | None:
    try:
        return await get_contact(connection, manager, unique_id)
    except UserError:
        return None
