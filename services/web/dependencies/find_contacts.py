"""Contacts found by a text, a page at a time, and how far the search is behind; for the API and the pages."""

from services.web.dependencies.paging import Page, cursor_of, place_of, text_place
from shared.postgres.database import Connection
from shared.store.managers import Manager
from shared.store.search_contacts import FoundContact, Place, search_contacts
from shared.store.searchable_fields import SearchLag, search_lag

_MOST_FIELDS = 2**31


async def find_contacts(
    connection: Connection, manager: Manager, text: str, *, cursor: str | None, limit: int
) -> tuple[Page[FoundContact], SearchLag]:
    """Return a page of what begins with a text that is not empty; UserError `cursor_invalid`."""
    after = place_of(cursor, _place)
    lag = await search_lag(connection, manager.id) if manager.searched_fields else SearchLag()
    found = await search_contacts(connection, manager, text, after=after, limit=limit)
    following = None if found.next is None else cursor_of(list(found.next))
    return Page(items=found.contacts, next=following), lag


def _place(value: object) -> Place:
    if not isinstance(value, list):
        raise TypeError
    field, folded, unique_id = value
    if not isinstance(field, int) or not 0 <= field < _MOST_FIELDS:
        raise TypeError
    return Place(field, text_place(folded), text_place(unique_id))
