"""The page of a contact manager: a page of its contacts, the search, its fields."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.web.dependencies.find_contacts import find_contacts
from services.web.dependencies.paging import Page, number_place, page_of, place_of, text_place
from services.web.dependencies.resources import Resources
from services.web.dependencies.visitor import Visitor
from services.web.pages.render import page
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.contacts import ContactView, latest_contacts, list_contacts
from shared.store.managers import Manager, get_manager
from shared.store.search_contacts import FoundContact
from shared.store.searchable_fields import MOST_SEARCHABLE, SearchLag, search_lag

_SHOWN = 50


@dataclass(frozen=True)
class Listing:
    """Which contacts are shown: those that a text finds, or all by unique id, or all, the latest changes first."""

    cursor: str | None = None
    text: str = ""
    by_change: bool = False


@dataclass(frozen=True)
class Entered:
    """What a form of the page that was refused held, to be mended: about the input `form`."""

    form: str
    error: UserError
    values: dict[str, object]


async def manager_page(
    request: Request,
    resources: Resources,
    visitor: Visitor,
    manager_id: UUID,
    listing: Listing | None = None,
    *,
    entered: Entered | None = None,
) -> Response:
    """Return the page; UserError `manager_not_found` or `cursor_invalid`."""
    shown = listing or Listing()
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        contacts, lag = await _listed(connection, manager, shown)
    values = {"ticked": [field.name for field in manager.searched_fields]} | (entered.values if entered else {})
    return page(
        request,
        "manager.html",
        visitor,
        status=422 if entered else 200,
        manager=manager,
        contacts=contacts,
        lag=lag,
        filling=[(manager.field_name(number), left) for number, left in lag.contacts.items()],
        cursor=shown.cursor,
        q=shown.text,
        sort="changed" if shown.by_change else "unique_id",
        kinds=[kind.value for kind in Kind],
        most_searchable=MOST_SEARCHABLE,
        can_be_searched=[
            field for field in manager.fields if field.kind is not Kind.PASSWORD and field.number != manager.key_field
        ],
        errors={entered.form: entered.error.message} if entered else {},
        **values,
    )


async def _listed(
    connection: Connection, manager: Manager, listing: Listing
) -> tuple[Page[ContactView] | Page[FoundContact], SearchLag]:
    if listing.text:
        return await find_contacts(connection, manager, listing.text, cursor=listing.cursor, limit=_SHOWN)
    lag = await search_lag(connection, manager.id) if manager.searched_fields else SearchLag()
    if listing.by_change:
        before = place_of(listing.cursor, number_place)
        latest = await latest_contacts(connection, manager, before=before, limit=_SHOWN + 1)
        numbered = page_of(latest, _SHOWN, lambda one: one[0])
        return Page(items=[contact for _, contact in numbered.items], next=numbered.next), lag
    after = place_of(listing.cursor, text_place)
    found = await list_contacts(connection, manager, after=after, limit=_SHOWN + 1)
    return page_of(found, _SHOWN, lambda contact: contact.unique_id), lag
