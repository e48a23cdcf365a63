"""Contacts found by what their unique id or one of the searchable fields begins with.

First those whose unique id begins so, as it is written, then field by field those whose folded value does; each contact
once, at the first place where it is found. A page costs what it shows, however many contacts there are and are found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import Field

from shared.postgres.database import Connection
from shared.rules.search_text import search_text
from shared.store.contacts import ContactView, contacts_of_ids, in_index_order, last_with, list_contacts
from shared.store.managers import Manager
from shared.store.set_ups import FieldSpec

_UNIQUE_ID: Final = 0
"""Stands for the unique id among the numbers of the fields, before all of them."""
_LEAST_AT_ONCE: Final = 50
_MOST_AT_ONCE: Final = 800
_MOST_LOOKED_AT: Final = 2_000
"""Entries looked at for one page, of contacts that stood on an earlier one or have changed since: it may be short."""

_ENTRIES: Final = """
SELECT value, unique_id FROM contact_search
WHERE manager_id = $1 AND field = $2 AND (value, unique_id) > ($3, $4) AND value <= $5 AND starts_with(value, $6)
ORDER BY value, unique_id LIMIT $7
"""

_FOUND_EARLIER: Final = """
SELECT unique_id FROM contact_search
WHERE manager_id = $1 AND unique_id = ANY ($2) AND field = ANY ($3) AND starts_with(value, $4)
ORDER BY unique_id, field
"""


class Place(NamedTuple):
    """Where a page ends: in which field (0: the unique id), at which folded value, of which contact."""

    field: int
    value: str
    unique_id: str


class FoundContact(ContactView):
    """A contact, and by which of its fields it was found."""

    found_in: list[str] = Field([], description="With `q`: the fields that begin with it")


@dataclass(frozen=True)
class Found:
    """One page; `next` is where the one after begins, None where there is none."""

    contacts: list[FoundContact]
    next: Place | None


@dataclass(frozen=True)
class _Search:
    connection: Connection
    manager: Manager
    text: str
    folded: str

    def found_in(self, contact: ContactView) -> Iterator[str]:
        """Yield the names of the fields that begin with the text now."""
        if contact.unique_id.startswith(self.text):
            yield self.manager.field_name(self.manager.key_field) or "unique_id"
        for field in self.manager.searched_fields:
            if self.folded and search_text(str(contact.fields[field.name])).startswith(self.folded):
                yield field.name


async def search_contacts(
    connection: Connection, manager: Manager, text: str, *, after: Place | None, limit: int
) -> Found:
    """Return a page of what begins with a text that is not empty, after a place.

    A contact that has changed since it was indexed is shown if it still begins so.
    """
    async with in_index_order(connection):
        return await _page(connection, manager, text, after, limit)


async def _page(connection: Connection, manager: Manager, text: str, after: Place | None, limit: int) -> Found:
    search = _Search(connection, manager, text, search_text(text))
    fields = manager.searched_fields if search.folded else []
    numbers = [
        number for number in (_UNIQUE_ID, *(each.number for each in fields)) if not after or number >= after.field
    ]
    places: list[Place] = []
    found: list[FoundContact] = []
    looked_at = 0
    for number in numbers:
        place = after if after and after.field == number else Place(number, search.folded, "")
        at_once = _LEAST_AT_ONCE
        while len(found) <= limit:
            size = max(limit + 1 - len(found), at_once)
            at_once = min(2 * at_once, _MOST_AT_ONCE)
            entries, contacts = await _next_ones(search, fields, place, size)
            looked_at += len(entries)
            for entry in entries:
                contact = contacts.get(entry.unique_id)
                if contact is not None and (names := list(search.found_in(contact))):
                    places.append(entry)
                    found.append(FoundContact(**dict(contact), found_in=names))
            if entries:
                place = entries[-1]
            if len(entries) < size:
                break
            if looked_at >= _MOST_LOOKED_AT and len(found) <= limit:
                return Found(found, place)
    more = len(found) > limit
    return Found(found[:limit], places[limit - 1] if more else None)


async def _next_ones(
    search: _Search, fields: list[FieldSpec], place: Place, size: int
) -> tuple[list[Place], dict[str, ContactView]]:
    """Return the next entries of one field, and of their contacts those that no earlier field has."""
    manager, connection = search.manager, search.connection
    if place.field == _UNIQUE_ID:
        after = place.unique_id or None
        listed = await list_contacts(connection, manager, after=after, limit=size, prefix=search.text)
        return [Place(_UNIQUE_ID, "", each.unique_id) for each in listed], {each.unique_id: each for each in listed}
    bounds = (place.value, place.unique_id, last_with(search.folded), search.folded, size)
    rows = await connection.fetch(_ENTRIES, manager.id, place.field, *bounds)
    entries = [Place(place.field, row["value"], row["unique_id"]) for row in rows]
    unknown = [each.unique_id for each in entries if not each.unique_id.startswith(search.text)]
    earlier = [each.number for each in fields if each.number < place.field]
    if unknown and earlier:
        rows = await connection.fetch(_FOUND_EARLIER, manager.id, unknown, earlier, search.folded)
        known = {row["unique_id"] for row in rows}
        unknown = [each for each in unknown if each not in known]
    return entries, await contacts_of_ids(connection, manager, unknown) if unknown else {}
