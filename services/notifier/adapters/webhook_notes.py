"""Notes messages about ended runs, one for each webhook that wants it, however often the event comes."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.events.runs import ImportFinished
from shared.postgres.database import Connection
from shared.store.webhooks import wake_senders

# What a draft tries out is nobody's business yet.
_WANTING: Final = """
SELECT w.id FROM webhooks w WHERE 'import.finished' = ANY (w.events) AND coalesce(w.manager_id = $1, true)
AND NOT EXISTS (SELECT FROM imports i WHERE i.id = $2 AND i.is_draft)
AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.event_id = $3) ORDER BY w.id
"""
_NOTE: Final = """
INSERT INTO webhook_deliveries (id, webhook_id, type, event_id, body, created_at, next_try_at)
SELECT $1, id, 'import.finished', $3, $4, $5, $5 FROM webhooks WHERE id = $2 ON CONFLICT DO NOTHING
"""


async def note_finished(
    connection: Connection, event: ImportFinished, body: str, *, now: datetime, new_id: Callable[[], UUID]
) -> int:
    """Note the messages in the caller's transaction; returns for how many webhooks."""
    rows = await connection.fetch(_WANTING, event.manager_id, event.import_id, event.event_id)
    for row in rows:
        await connection.execute(_NOTE, new_id(), row["id"], event.event_id, body, now)
    if rows:
        await wake_senders(connection)
    return len(rows)
