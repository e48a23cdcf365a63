"""The columns that imports map to passwords, by name: they are shown nowhere, whatever another import makes of them."""

from collections.abc import Sequence
from uuid import UUID

from shared.postgres.database import Connection
from shared.rules.kinds import Kind

_NAMES = """
SELECT DISTINCT i.manager_id, line->>'column' AS name FROM imports i
CROSS JOIN jsonb_array_elements(i.setup->'mapping') AS line
JOIN fields f ON f.manager_id = i.manager_id AND f.number = (line->>'field')::integer
WHERE f.kind = $1 AND (i.setup->'options'->>'has_header')::boolean AND line->>'column' IS NOT NULL
    AND ($2::uuid[] IS NULL OR i.manager_id = ANY ($2))
ORDER BY i.manager_id, name
"""


async def password_columns(connection: Connection) -> list[str]:
    """Return the names that any manager's imports map to passwords."""
    rows = await connection.fetch(_NAMES, Kind.PASSWORD, None)
    return list(dict.fromkeys(row["name"] for row in rows))


async def password_columns_of(connection: Connection, manager_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return by manager the names that its imports map to passwords; a manager without any is left out."""
    found: dict[UUID, list[str]] = {}
    for row in await connection.fetch(_NAMES, Kind.PASSWORD, list(manager_ids)):
        found.setdefault(row["manager_id"], []).append(row["name"])
    return found
