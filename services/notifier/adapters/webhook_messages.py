"""The message that a webhook sends next: one that was noted and is due, else one of changes that it was not told of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.notifier.adapters.webhook_turns import BEHIND, MAY_GO
from services.notifier.domain.webhook_bodies import MOST_BYTES, MOST_CHANGES, changes_body, fitting
from shared.errors import TransientError, UserError
from shared.events.contacts import ContactsChanged
from shared.postgres.database import Connection
from shared.store.change_events import change_events
from shared.store.change_log import changes_between
from shared.store.managers import Manager, get_manager


@dataclass(frozen=True)
class Message:
    """A message that is to be sent now, after so many tries."""

    id: UUID
    type: str
    body: str
    tries: int
    created_at: datetime


_DUE: Final = f"""
SELECT d.id, d.type, d.body, d.tries, d.created_at, d.manager_id, d.first_number, d.last_number
FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
WHERE d.webhook_id = $1 AND d.next_try_at <= $2 AND {MAY_GO} ORDER BY d.next_try_at, d.id LIMIT 1
"""
# Whose turn was longest ago comes first, so that a large load of one manager does not hold up the others.
_BEHIND: Final = f"""
SELECT found.* FROM webhooks w,
    LATERAL (SELECT m.id, coalesce(c.number, 0) AS number, m.change_number, c.told_at {BEHIND}) AS found
WHERE w.id = $1 ORDER BY found.told_at NULLS FIRST, found.id LIMIT 1
"""
_MOST_READ: Final = 4 * MOST_BYTES
"""For one message, save for a single change that is larger: many webhooks are told at once."""
_AS_NOTED: Final = 1 << 62
"""What was noted has been bounded."""
_CURSOR: Final = """
INSERT INTO webhook_cursors (webhook_id, manager_id, number, told_at) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING
"""
_NOTE: Final = """
INSERT INTO webhook_deliveries (id, webhook_id, type, manager_id, first_number, last_number, created_at, next_try_at)
VALUES ($1, $2, 'contacts.changed', $3, $4, $5, $6, $6)
"""


async def next_message(
    connection: Connection, webhook_id: UUID, *, now: datetime, new_id: Callable[[], UUID]
) -> Message | None:
    """Return what to send now, noted in the caller's transaction; the webhook has to be ours.

    A message of changes has the same ones in each try.
    """
    while (row := await connection.fetchrow(_DUE, webhook_id, now)) is not None:
        try:
            body = row["body"] or await _changes(connection, row)
        except UserError:
            # The manager was deleted while the message was noted.
            await connection.execute("DELETE FROM webhook_deliveries WHERE id = $1", row["id"])
            continue
        return Message(row["id"], row["type"], body, row["tries"], row["created_at"])
    return await _next_changes(connection, webhook_id, now, new_id())


async def _next_changes(connection: Connection, webhook_id: UUID, now: datetime, message_id: UUID) -> Message | None:
    row = await connection.fetchrow(_BEHIND, webhook_id)
    if row is None:
        return None
    first, last = row["number"] + 1, min(row["number"] + MOST_CHANGES, row["change_number"])
    try:
        manager, logged = await _logged(connection, row["id"], first, last, now, most_bytes=_MOST_READ)
    except UserError:
        return None
    events = fitting(logged)
    await connection.execute(_CURSOR, webhook_id, manager.id, now)
    await connection.execute(_NOTE, message_id, webhook_id, manager.id, first, events[-1].number, now)
    body = changes_body(manager.id, manager.name, events, now)
    return Message(message_id, "contacts.changed", body, 0, now)


async def _changes(connection: Connection, row: asyncpg.Record) -> str:
    numbers = (row["first_number"], row["last_number"])
    manager, events = await _logged(connection, row["manager_id"], *numbers, row["created_at"], most_bytes=_AS_NOTED)
    return changes_body(manager.id, manager.name, events, row["created_at"])


async def _logged(
    connection: Connection, manager_id: UUID, first: int, last: int, at: datetime, *, most_bytes: int
) -> tuple[Manager, list[ContactsChanged]]:
    """Return a manager and its changes by number, at least one; UserError where it is deleted, also meanwhile."""
    manager = await get_manager(connection, manager_id)
    changes, _ = await changes_between(connection, manager_id, first, last, most_bytes=most_bytes)
    if not changes:
        await get_manager(connection, manager_id)
        raise TransientError("changes_missing", f"The log has none of the changes {first} to {last}.")
    return manager, change_events(manager, changes, at)
