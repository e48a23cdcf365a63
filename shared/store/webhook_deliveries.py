"""Messages of webhooks: listed, made to try one out, sent once more. Owner: web; the notifier sends them.

Each function works in the caller's transaction.
"""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_json

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.store.replay_changes import first_change_of
from shared.store.webhooks import WebhookView, wake_senders

TEST: Final = "webhook.test"


def message_id(delivery_id: UUID) -> str:
    """Return the id that a message has in every try."""
    return f"msg_{delivery_id.hex}"


class DeliveryView(BaseModel):
    """A message, and what became of it."""

    id: UUID
    message_id: str = Field(description="The header `webhook-id`, the same in every try")
    type: str
    manager_id: UUID | None = Field(description="Of contacts.changed: whose contacts; null for all else")
    first_number: int | None = Field(description="Of contacts.changed: the number of the first change in it")
    last_number: int | None
    created_at: datetime
    state: Literal["pending", "delivered", "failed"]
    next_try_at: datetime | None = Field(description="Null: it is tried no more")
    tries: int = Field(description="Since it was made, sent once more, or the webhook enabled")
    tried_at: datetime | None
    status: int | None = Field(description="What the newest try was answered; null: there was no answer")
    error: str | None = Field(description="Why the newest try failed, with the beginning of the answer")
    delivered_at: datetime | None


class ChangesReplay(BaseModel):
    """What a webhook is told of again."""

    manager_id: UUID
    from_number: int
    changes: int


_COLUMNS: Final = """id, type, manager_id, first_number, last_number, created_at, state, next_try_at, tries, tried_at,
    status, error, delivered_at"""


async def list_deliveries(
    connection: Connection, webhook_id: UUID, *, before: UUID | None, limit: int
) -> list[DeliveryView]:
    """Return a webhook's messages, the newest first: those before an id."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook_id = $1 AND ($2::uuid IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3""",
        webhook_id,
        before,
        limit,
    )
    return [_view(dict(row)) for row in rows]


async def note_test(connection: Connection, webhook_id: UUID, *, now: datetime) -> DeliveryView:
    """Have a message sent that says nothing, also by a webhook that is paused; it is tried once.

    A receiver that has asked for a pause has it all the same.
    """
    delivery_id = new_id()
    body = {"type": TEST, "timestamp": now, "data": {"webhook_id": webhook_id}}
    await connection.execute(
        """INSERT INTO webhook_deliveries (id, webhook_id, type, body, created_at, next_try_at)
        VALUES ($1, $2, $3, $4, $5, $5)""",
        delivery_id,
        webhook_id,
        TEST,
        to_json(body).decode(),
        now,
    )
    await wake_senders(connection)
    return await _delivery(connection, webhook_id, delivery_id)


async def send_again(connection: Connection, webhook_id: UUID, delivery_id: UUID, *, now: datetime) -> DeliveryView:
    """Have one message sent once more, under the same id and with all its tries anew; UserError `delivery_not_found`.

    One of changes of contacts moves nothing on: what comes after it is not sent again.
    """
    await connection.execute(
        """UPDATE webhook_deliveries SET state = 'pending', next_try_at = $3, tries = 0
        WHERE webhook_id = $1 AND id = $2""",
        webhook_id,
        delivery_id,
        now,
    )
    await wake_senders(connection)
    return await _delivery(connection, webhook_id, delivery_id)


async def replay_run(connection: Connection, webhook: WebhookView, run_id: UUID, *, now: datetime) -> ChangesReplay:
    """Tell a webhook of a manager's changes again from the first of a run on; UserError `run_not_applied`."""
    manager_id = await connection.fetchval("SELECT manager_id FROM runs WHERE id = $1", run_id)
    number = await first_change_of(connection, manager_id, run_id)
    return await replay_from(connection, webhook, manager_id, number, now=now)


async def replay_from(
    connection: Connection, webhook: WebhookView, manager_id: UUID, number: int, *, now: datetime
) -> ChangesReplay:
    """Tell a webhook of a manager's changes again from a number on, in messages of their own.

    UserError `event_not_wanted`, `manager_not_told` or `manager_not_found`.
    """
    if "contacts.changed" not in webhook.events:
        raise UserError("event_not_wanted", "This webhook is not told of changes of contacts.", field="from_number")
    if webhook.manager_id not in {None, manager_id}:
        raise UserError("manager_not_told", "This webhook is told of another contact manager.", field="manager_id")
    last = await connection.fetchval("SELECT change_number FROM managers WHERE id = $1", manager_id)
    if last is None:
        raise UserError("manager_not_found", "There is no such contact manager.", field="manager_id")
    await connection.execute(
        """INSERT INTO webhook_cursors AS c (webhook_id, manager_id, number, told_at) VALUES ($1, $2, 0, $4)
        ON CONFLICT (webhook_id, manager_id) DO UPDATE SET number = least(c.number, $3)""",
        webhook.id,
        manager_id,
        number - 1,
        now,
    )
    # What is under way has changes that come again after those before it.
    await connection.execute(
        """DELETE FROM webhook_deliveries
        WHERE webhook_id = $1 AND manager_id = $2 AND state = 'pending' AND first_number >= $3""",
        webhook.id,
        manager_id,
        number,
    )
    await wake_senders(connection)
    return ChangesReplay(manager_id=manager_id, from_number=number, changes=max(0, last - number + 1))


async def _delivery(connection: Connection, webhook_id: UUID, delivery_id: UUID) -> DeliveryView:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2", webhook_id, delivery_id
    )
    if row is None:
        raise UserError("delivery_not_found", "There is no such message; it may be too old to be kept.")
    return _view(dict(row))


def _view(row: dict[str, Any]) -> DeliveryView:
    return DeliveryView.model_validate({**row, "message_id": message_id(row["id"])})
