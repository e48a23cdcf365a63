"""Which fields of a manager are searchable, as people mark them, and how far the search is behind.

The syncer fills and empties the search by these marks; see `services/syncer/search_indexer.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.managers import Manager

MOST_SEARCHABLE: Final = 3

# Whoever indexes holds the cursor's row, so that a mark waits for a small transaction at most.
_CURSOR = """
INSERT INTO search_cursors (manager_id, indexed_number) VALUES ($1, $2)
ON CONFLICT (manager_id) DO UPDATE SET indexed_number = search_cursors.indexed_number
"""

_MARK = """
INSERT INTO search_fields (manager_id, field) SELECT $1, unnest($2::integer[])
ON CONFLICT (manager_id, field) DO UPDATE SET is_wanted = true
"""

_UNMARK = "UPDATE search_fields SET is_wanted = false WHERE manager_id = $1 AND field = ANY ($2) AND is_wanted"

_LAG = """
SELECT coalesce(m.change_number - c.indexed_number, 0) AS changes, f.field,
    greatest(m.contact_count - CASE f.state WHEN 'filling' THEN f.contacts_filled ELSE 0 END, 0) AS contacts
FROM managers m LEFT JOIN search_cursors c ON c.manager_id = m.id
    LEFT JOIN search_fields f ON f.manager_id = m.id AND f.is_wanted AND f.state <> 'filled'
WHERE m.id = $1 ORDER BY f.field
"""


@dataclass(frozen=True)
class SearchLag:
    """Changes of contacts that the search has yet to take in, and by field number contacts of newly marked fields."""

    changes: int = 0
    contacts: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how much there is to be taken in, in all; 0: the search has everything."""
        return self.changes + sum(self.contacts.values())


async def set_searchable(connection: Connection, manager: Manager, numbers: Collection[int], *, at: str) -> None:
    """Make these the searchable fields of a manager that is locked; `at` names the input.

    UserError `too_many_searchable`, `password_searchable` or `key_searchable`.
    """
    wanted, marked = set(numbers), set(manager.searchable)
    _check(manager, wanted, marked, at)
    if wanted == marked:
        return
    await connection.execute(_CURSOR, manager.id, manager.change_number)
    if added := wanted - marked:
        await connection.execute(_MARK, manager.id, sorted(added))
    if gone := marked - wanted:
        await connection.execute(_UNMARK, manager.id, sorted(gone))


async def search_lag(connection: Connection, manager_id: UUID) -> SearchLag:
    """Return how far a manager's search is behind its contacts."""
    rows = await connection.fetch(_LAG, manager_id)
    if not rows:
        return SearchLag()
    filling = {row["field"]: row["contacts"] for row in rows if row["field"] is not None and row["contacts"]}
    return SearchLag(rows[0]["changes"], filling)


def _check(manager: Manager, wanted: set[int], marked: set[int], at: str) -> None:
    if len(wanted) > MOST_SEARCHABLE:
        message = f"At most {MOST_SEARCHABLE} fields can be searched beside the unique identifier: take one out first."
        raise UserError("too_many_searchable", message, field=at)
    for each in manager.fields:
        if each.number not in wanted - marked:
            continue
        if each.kind is Kind.PASSWORD:
            message = f'"{each.name}" holds passwords, which can\'t be searched.'
            raise UserError("password_searchable", message, field=at)
        if each.number == manager.key_field:
            message = f'"{each.name}" is the unique identifier, which is searched always.'
            raise UserError("key_searchable", message, field=at)
