"""Webhooks: which systems are told of what, and how it goes. Owner: web; the notifier takes turns at them.

Each function works in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.store.operations import Waiting

WebhookEvent = Literal["import.finished", "contacts.changed"]
EVENTS: Final[tuple[WebhookEvent, ...]] = get_args(WebhookEvent)
SECRET_PURPOSE: Final = "webhook secret"  # noqa: S105 - what secrets are sealed for
CHANNEL: Final = "webhooks_due"
"""Is notified of whatever may have to be sent now."""
OVERLAP: Final = timedelta(hours=24)
"""For how long messages are signed with the old secret as well, once it was replaced."""


class WebhookView(BaseModel):
    """A webhook, and how it goes."""

    id: UUID
    url: str
    events: list[WebhookEvent]
    manager_id: UUID | None = Field(description="Only what happens in this contact manager; null: in all")
    state: Literal["enabled", "paused", "disabled"] = Field(
        description="disabled: it failed for good. Messages wait until it is enabled"
    )
    reason: str | None = Field(description="Why it is disabled")
    created_at: datetime
    changed_at: datetime
    succeeded_at: datetime | None = Field(description="When it last took a message")
    old_secret_until: datetime | None = Field(description="Until then messages are signed with the old secret as well")
    messages_waiting: Waiting = Field(description="Messages to be sent, besides those of changes of contacts")
    changes_behind: int = Field(description="Changes of contacts that it was not told of yet")


@dataclass(frozen=True)
class WebhookPlan:
    """What a webhook is to be."""

    url: str
    events: Sequence[WebhookEvent]
    manager_id: UUID | None = None


_VIEW: Final = """
SELECT w.id, w.url, w.events, w.manager_id, w.state, w.reason, w.created_at, w.changed_at, w.succeeded_at,
    CASE WHEN w.old_secret_until > $1 THEN w.old_secret_until END AS old_secret_until,
    waiting.count, waiting.since, behind.changes
FROM webhooks w,
    LATERAL (SELECT count(*), min(created_at) AS since FROM webhook_deliveries d
        WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.manager_id IS NULL) AS waiting,
    LATERAL (SELECT coalesce(sum(m.change_number - coalesce(c.number, 0)), 0)::bigint AS changes
        FROM managers m LEFT JOIN webhook_cursors c ON c.webhook_id = w.id AND c.manager_id = m.id
        WHERE 'contacts.changed' = ANY (w.events) AND (w.manager_id IS NULL OR m.id = w.manager_id)) AS behind
"""
# Who wants to be told of changes is told of those from then on.
_BEGIN: Final = """
INSERT INTO webhook_cursors (webhook_id, manager_id, number, told_at)
SELECT w.id, m.id, m.change_number, $2 FROM webhooks w JOIN managers m ON w.manager_id IS NULL OR m.id = w.manager_id
WHERE w.id = $1 AND 'contacts.changed' = ANY (w.events) ON CONFLICT DO NOTHING
"""
_FORGET: Final = (
    """DELETE FROM webhook_cursors c USING webhooks w WHERE w.id = $1 AND c.webhook_id = w.id
    AND ('contacts.changed' <> ALL (w.events) OR c.manager_id <> w.manager_id)""",
    """DELETE FROM webhook_deliveries d USING webhooks w WHERE w.id = $1 AND d.webhook_id = w.id
    AND d.state = 'pending' AND d.manager_id IS NOT NULL
    AND ('contacts.changed' <> ALL (w.events) OR d.manager_id <> w.manager_id)""",
)


async def create_webhook(connection: Connection, plan: WebhookPlan, sealed_secret: str, *, now: datetime) -> UUID:
    """Make a webhook, which is told of what happens from now on; UserError `manager_not_found`."""
    await _require_manager(connection, plan.manager_id)
    webhook_id = new_id()
    await connection.execute(
        """INSERT INTO webhooks (id, url, events, manager_id, secret, created_at, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)""",
        webhook_id,
        plan.url,
        list(plan.events),
        plan.manager_id,
        sealed_secret,
        now,
    )
    await connection.execute(_BEGIN, webhook_id, now)
    return webhook_id


async def get_webhook(connection: Connection, webhook_id: UUID, *, now: datetime, lock: bool = False) -> WebhookView:
    """Return a webhook; UserError `webhook_not_found`."""
    if lock:
        await connection.execute("SELECT FROM webhooks WHERE id = $1 FOR UPDATE", webhook_id)
    row = await connection.fetchrow(f"{_VIEW} WHERE w.id = $2", now, webhook_id)
    if row is None:
        raise UserError("webhook_not_found", "There is no such webhook; it may have been deleted.")
    return _view(dict(row))


async def list_webhooks(connection: Connection, *, after: UUID | None, limit: int, now: datetime) -> list[WebhookView]:
    """Return webhooks in the order they were made, those after an id."""
    rows = await connection.fetch(
        f"{_VIEW} WHERE $2::uuid IS NULL OR w.id > $2 ORDER BY w.id LIMIT $3", now, after, limit
    )
    return [_view(dict(row)) for row in rows]


async def update_webhook(connection: Connection, webhook_id: UUID, plan: WebhookPlan, *, now: datetime) -> None:
    """Change where it goes and what it is told; what it is told anew, it is told from now on.

    UserError `webhook_not_found` or `manager_not_found`.
    """
    await _require_manager(connection, plan.manager_id)
    before = await get_webhook(connection, webhook_id, now=now, lock=True)
    await connection.execute(
        "UPDATE webhooks SET url = $2, events = $3, manager_id = $4, changed_at = $5 WHERE id = $1",
        webhook_id,
        plan.url,
        list(plan.events),
        plan.manager_id,
        now,
    )
    for forget in _FORGET:
        await connection.execute(forget, webhook_id)
    # A manager that is newer than the webhook has no cursor yet, and must not get one that leaves its changes out.
    if "contacts.changed" not in before.events or before.manager_id not in {None, plan.manager_id}:
        await connection.execute(_BEGIN, webhook_id, now)
    await wake_senders(connection)


async def pause_webhook(connection: Connection, webhook_id: UUID, *, now: datetime) -> None:
    """Let its messages wait."""
    await connection.execute(
        "UPDATE webhooks SET state = 'paused', reason = NULL, changed_at = $2 WHERE id = $1", webhook_id, now
    )


async def enable_webhook(connection: Connection, webhook_id: UUID, *, now: datetime) -> None:
    """Send again, and at once, what has waited; each message has all its tries anew."""
    await connection.execute(
        "UPDATE webhooks SET state = 'enabled', reason = NULL, rests_until = NULL, changed_at = $2 WHERE id = $1",
        webhook_id,
        now,
    )
    await connection.execute(
        "UPDATE webhook_deliveries SET next_try_at = $2, tries = 0 WHERE webhook_id = $1 AND state = 'pending'",
        webhook_id,
        now,
    )
    await wake_senders(connection)


async def replace_secret(connection: Connection, webhook_id: UUID, sealed_secret: str, *, now: datetime) -> datetime:
    """Sign with another secret, and with the old one as well until the moment that is returned."""
    until = now + OVERLAP
    await connection.execute(
        """UPDATE webhooks SET old_secret = secret, old_secret_until = $3, secret = $2, changed_at = $4
        WHERE id = $1""",
        webhook_id,
        sealed_secret,
        until,
        now,
    )
    return until


async def delete_webhook(connection: Connection, webhook_id: UUID) -> None:
    """Delete a webhook with its messages."""
    await connection.execute("DELETE FROM webhooks WHERE id = $1", webhook_id)


async def wake_senders(connection: Connection) -> None:
    """Tell those who send, once the transaction is committed."""
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


async def _require_manager(connection: Connection, manager_id: UUID | None) -> None:
    if manager_id is not None:
        found = await connection.fetchval("SELECT true FROM managers WHERE id = $1", manager_id)
        if not found:
            raise UserError("manager_not_found", "There is no such contact manager.", field="manager_id")


def _view(row: dict[str, object]) -> WebhookView:
    waiting = {"count": row.pop("count"), "since": row.pop("since")}
    return WebhookView.model_validate({**row, "messages_waiting": waiting, "changes_behind": row["changes"]})
