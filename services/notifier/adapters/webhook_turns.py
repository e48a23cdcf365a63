"""Whose turn it is: one process at a time sends for a webhook, and lets it go with its turn or with its time.

No connection is held while a receiver is waited for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.postgres.database import Connection, Pool
from shared.sealing import Sealer
from shared.store.webhooks import SECRET_PURPOSE

_LONGEST: Final = timedelta(seconds=60)

BEHIND: Final = """
FROM managers m LEFT JOIN webhook_cursors c ON c.webhook_id = w.id AND c.manager_id = m.id
WHERE w.state = 'enabled' AND 'contacts.changed' = ANY (w.events) AND (w.manager_id IS NULL OR m.id = w.manager_id)
    AND m.change_number > coalesce(c.number, 0) AND NOT EXISTS (
        SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.manager_id = m.id AND d.state = 'pending'
            AND d.last_number > coalesce(c.number, 0))
"""
"""Managers of whose newer changes a webhook `w` has no message under way yet."""
MAY_GO: Final = "d.state = 'pending' AND (w.state = 'enabled' OR d.type = 'webhook.test')"
"""Which messages `d` of a webhook `w` are sent, once it is time."""

_CLAIM: Final = f"""
WITH due AS (
    SELECT w.id FROM webhooks w WHERE coalesce(greatest(w.taken_until, w.rests_until) <= $1, true)
    AND (EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.next_try_at <= $1 AND {MAY_GO})
        OR EXISTS (SELECT {BEHIND}))
    ORDER BY w.taken_until NULLS FIRST LIMIT $4 FOR UPDATE OF w SKIP LOCKED)
UPDATE webhooks w SET turn = $2, taken_until = $3 FROM due WHERE w.id = due.id RETURNING w.id
"""
_KEEP: Final = """
UPDATE webhooks SET taken_until = $3 WHERE id = $1 AND turn = $2 AND coalesce(rests_until <= $4, true)
RETURNING url, secret, CASE WHEN old_secret_until > $4 THEN old_secret END AS old_secret
"""
_LET_GO: Final = "UPDATE webhooks SET turn = NULL, taken_until = $3 WHERE id = $1 AND turn = $2"
_NEXT: Final = f"""
SELECT least(
    (SELECT min(greatest(d.next_try_at, w.rests_until, w.taken_until))
        FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE {MAY_GO}),
    (SELECT min(due) FROM (SELECT greatest(rests_until, taken_until) AS due FROM webhooks) AS w WHERE due > $1))
"""


@dataclass(frozen=True)
class Destination:
    """Where a webhook's messages go, and the secrets that they are signed with, the newest first."""

    url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Show nothing: a repr may end in a log."""
        return "Destination(…)"


async def claim(pool: Pool, turn: UUID, *, at_most: int, now: datetime, until: datetime) -> list[UUID]:
    """Take webhooks that have something to be sent now, those first that have waited longest for a turn."""
    rows = await pool.fetch(_CLAIM, now, turn, until, at_most)
    return [row["id"] for row in rows]


async def keep(
    connection: Connection, sealer: Sealer, webhook_id: UUID, turn: UUID, *, now: datetime, until: datetime
) -> Destination | None:
    """Keep a webhook for longer; None where it is no longer ours to send for."""
    row = await connection.fetchrow(_KEEP, webhook_id, turn, until, now)
    if row is None:
        return None
    sealed = (row["secret"], row["old_secret"])
    return Destination(row["url"], tuple(sealer.open(each, SECRET_PURPOSE) for each in sealed if each))


async def let_go(pool: Pool, webhook_id: UUID, turn: UUID, *, now: datetime) -> None:
    """End a turn."""
    await pool.execute(_LET_GO, webhook_id, turn, now)


async def rest(pool: Pool, webhook_id: UUID, until: datetime) -> None:
    """Send nothing for a webhook until then, nor sooner than its receiver asked for."""
    await pool.execute("UPDATE webhooks SET rests_until = greatest(rests_until, $2) WHERE id = $1", webhook_id, until)


async def until_next(pool: Pool, now: datetime) -> timedelta:
    """Return how long there will be nothing to send, as far as is known; at most a minute."""
    due: datetime | None = await pool.fetchval(_NEXT, now)
    return min(max(due - now, timedelta()), _LONGEST) if due else _LONGEST
