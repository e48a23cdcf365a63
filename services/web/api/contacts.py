"""Contacts of a manager: read in pages or as a file, changed by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from services.web.dependencies.api_route import Account, By, api_router
from services.web.dependencies.contacts_file import contacts_file
from services.web.dependencies.file_purpose import Purpose
from services.web.dependencies.find_contacts import find_contacts
from services.web.dependencies.paging import Cursor, Limit, Page, page_of, place_of, text_place
from services.web.dependencies.resources import Open
from services.web.dependencies.write_contact import write_contact as write
from services.web.forms.contact_input import ContactInput, checked_id
from services.web.forms.text import Text
from services.web.security.access import needs
from shared.rules.roles import Role
from shared.store import contacts as store
from shared.store.contacts import ContactView
from shared.store.edit_contacts import delete_contact
from shared.store.managers import get_manager
from shared.store.search_contacts import FoundContact

router = api_router("contacts")


class ContactPage(Page[FoundContact]):
    """Some contacts, and how far the search is behind them."""

    search_lag: int | None = Field(
        description="With `q`: how many changes of contacts, and contacts of newly marked fields, the search has yet "
        "to take in; 0: it has all. Unique ids are always found. Null without `q`"
    )


@router.get("/managers/{manager_id}/contacts")
@needs(Role.VIEWER)
async def list_contacts(
    manager_id: UUID,
    resources: Open,
    limit: Limit = 100,
    cursor: Cursor = None,
    q: Annotated[
        Text,
        Query(
            max_length=500,
            description="Only contacts whose unique id, as written, or one of whose searchable fields, whatever the "
            "letter case and accents, begins with this",
        ),
    ] = "",
) -> ContactPage:
    """List contacts in the order of their unique ids by code point.

    With `q` those found by their unique id come first in that order, then those by the first searchable field in the
    order of its folded values, and so on; each once. A page may then have less than `limit` though `next` is not null.
    """
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        if q:
            found, lag = await find_contacts(connection, manager, q, cursor=cursor, limit=limit)
            return ContactPage(items=found.items, next=found.next, search_lag=lag.total)
        after = place_of(cursor, text_place)
        listed = await store.list_contacts(connection, manager, after=after, limit=limit + 1)
    numbered = page_of(listed, limit, lambda contact: contact.unique_id)
    items = [FoundContact(**dict(contact)) for contact in numbered.items]
    return ContactPage(items=items, next=numbered.next, search_lag=None)


@router.get("/managers/{manager_id}/contacts.csv", response_class=StreamingResponse)
@needs(Role.VIEWER)
async def export_contacts(
    manager_id: UUID,
    resources: Open,
    purpose: Purpose = "import",
) -> StreamingResponse:
    """Get all contacts as one CSV file, without passwords."""
    return await contacts_file(resources, manager_id, for_spreadsheet=purpose == "spreadsheet")


@router.get("/managers/{manager_id}/contacts/{unique_id:path}")
@needs(Role.VIEWER)
async def get_contact(manager_id: UUID, unique_id: str, resources: Open) -> ContactView:
    """Read a contact."""
    wanted = checked_id(unique_id)
    async with resources.database.pool.acquire() as connection:
        return await store.get_contact(connection, await get_manager(connection, manager_id), wanted)


@router.put("/managers/{manager_id}/contacts/{unique_id:path}")
@needs(Role.EDITOR)
async def write_contact(
    manager_id: UUID,
    unique_id: str,
    contact: ContactInput,
    resources: Open,
    response: Response,
    by: By,
    key_field: Annotated[Text | None, Query(description="Sets the key field where there is none yet")] = None,
) -> ContactView:
    """Add a contact by hand, or replace one's values; 201 for a new one."""
    written, is_new = await write(resources, manager_id, checked_id(unique_id), contact, by=by, key_field=key_field)
    if is_new:
        response.status_code = 201
    return written


@router.delete("/managers/{manager_id}/contacts/{unique_id:path}", status_code=204)
@needs(Role.EDITOR)
async def remove_contact(manager_id: UUID, unique_id: str, resources: Open, account: Account) -> Response:
    """Delete a contact by hand."""
    wanted = checked_id(unique_id)
    async with resources.transaction() as connection:
        manager = await get_manager(connection, manager_id, lock=True)
        await delete_contact(connection, manager, wanted, now=resources.clock.now(), account_id=account)
    return Response(status_code=204)
