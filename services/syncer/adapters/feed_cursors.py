"""How far each manager's changes have been said; one process at a time says them."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from shared.postgres.database import Connection

_LOCK: Final = 0x66656564
_RESENT: Final = "10 minutes"
_MOST_RESENT: Final = 20_000
_LARGE_BYTES: Final = 8 << 20

_BEHIND = """
SELECT m.id, coalesce(f.said_number, 0) AS said, m.change_number AS last
FROM managers m LEFT JOIN change_feeds f ON f.manager_id = m.id
WHERE m.change_number > coalesce(f.said_number, 0) ORDER BY m.id
"""

_SAID = """
INSERT INTO change_feeds (manager_id, said_number, said_at) VALUES ($1, $2, $3)
ON CONFLICT (manager_id) DO UPDATE SET said_number = excluded.said_number, said_at = excluded.said_at
WHERE change_feeds.said_number = $4 RETURNING true
"""

_LARGE_RUN = """
SELECT EXISTS (SELECT FROM runs WHERE finished_at IS NULL AND status IN ('staging', 'planning', 'applying')
    AND bytes >= $1)
"""

# Of each manager the number before the first change of the last minutes, but no further back than so many changes: a
# broker that keeps all in memory must not be filled by what it was restarted for.
_REWIND = """
UPDATE change_feeds f SET said_number = least(f.said_number, coalesce((
    SELECT min(l.number) - 1 FROM change_log l
    WHERE l.manager_id = f.manager_id AND l.number BETWEEN f.said_number - $2 + 1 AND f.said_number
        AND l.changed_at > now() - $1::text::interval), f.said_number))
"""


async def hold(connection: Connection) -> None:
    """Wait for the right to say changes; it ends with the connection."""
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)


async def managers_behind(connection: Connection) -> list[tuple[UUID, int, int]]:
    """Return managers that have changes to be said: id, last number said, last number there is."""
    return [(row["id"], row["said"], row["last"]) for row in await connection.fetch(_BEHIND)]


async def is_large_run_under_way(connection: Connection) -> bool:
    """Tell whether a large file is being staged, compared or written, by whichever process."""
    return bool(await connection.fetchval(_LARGE_RUN, _LARGE_BYTES))


async def note_said(connection: Connection, manager_id: UUID, *, before: int, number: int, now: datetime) -> bool:
    """Note that a manager's changes have been said from one number on up to another.

    False where that is not to be gone on with: somebody asked for changes to be said again, or deleted the manager.
    """
    try:
        return bool(await connection.fetchval(_SAID, manager_id, number, now, before))
    except asyncpg.ForeignKeyViolationError:
        return False


async def rewind_for_new_broker(connection: Connection) -> None:
    """Have the newest changes said again where the broker has begun anew since, and so lost its memory.

    Who was further behind asks for a replay.
    """
    async with connection.transaction():
        begun = await connection.fetch(
            "UPDATE broker_incarnations SET rewound_at = now() WHERE rewound_at IS NULL RETURNING id"
        )
        if begun:
            await connection.execute(_REWIND, _RESENT, _MOST_RESENT)
