"""What became of a try: noted with all that follows from it, in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier.domain.webhook_retries import Answer
from shared.postgres.database import Connection, Pool

KEPT: Final = timedelta(days=7)
"""How long messages that were delivered are kept."""
KEPT_OTHERS: Final = timedelta(days=30)
"""How long those that failed, or wait for a webhook that is not enabled, are kept."""

_TAKEN: Final = """
UPDATE webhook_deliveries SET state = 'delivered', next_try_at = NULL, tries = tries + 1, tried_at = $2, status = $3,
    error = NULL, delivered_at = $2
WHERE id = $1 AND state = 'pending' RETURNING webhook_id, manager_id, first_number, last_number
"""
# Only by the message that comes next: one that is sent once more, or overtaken by a replay, moves nothing.
_MOVE_ON: Final = """
UPDATE webhook_cursors SET number = $4, told_at = $5 WHERE webhook_id = $1 AND manager_id = $2 AND number = $3 - 1
"""
_FAILED: Final = """
UPDATE webhook_deliveries SET state = CASE WHEN $2::timestamptz IS NULL THEN 'failed' ELSE 'pending' END,
    next_try_at = $2, tries = tries + 1, tried_at = $3, status = $4, error = $5
WHERE id = $1 AND state = 'pending'
"""
_REST: Final = "UPDATE webhooks SET rests_until = greatest(rests_until, $2) WHERE id = $1"
_DISABLE: Final = """
UPDATE webhooks SET state = 'disabled', reason = $2, changed_at = $3
WHERE id = $1 AND state = 'enabled' AND ($4::timestamptz IS NULL OR coalesce(succeeded_at < $4, true))
"""
_SWEEP: Final = """
DELETE FROM webhook_deliveries d USING webhooks w WHERE w.id = d.webhook_id AND (
    d.state = 'delivered' AND d.created_at < $1
    OR d.created_at < $2 AND (d.state = 'failed' OR w.state <> 'enabled' AND d.manager_id IS NULL))
"""


@dataclass(frozen=True)
class Failure:
    """A try that failed: when the next one is, or None for none; `disable` says why the webhook gets no more."""

    answer: Answer
    next_try_at: datetime | None
    disable: str | None = None
    unless_taken_since: datetime | None = None
    """The webhook is not disabled where it has taken another message since."""
    rest: timedelta | None = None
    """How long the receiver is sent nothing else either."""


async def note_taken(connection: Connection, message_id: UUID, answer: Answer, *, now: datetime) -> bool:
    """Note that a receiver has a message, and how far it was told with it; tells whether that was still to be noted."""
    row = await connection.fetchrow(_TAKEN, message_id, now, answer.status)
    if row is None:
        return False
    if row["manager_id"] is not None:
        await connection.execute(
            _MOVE_ON, row["webhook_id"], row["manager_id"], row["first_number"], row["last_number"], now
        )
    await connection.execute("UPDATE webhooks SET succeeded_at = $2 WHERE id = $1", row["webhook_id"], now)
    return True


async def note_failed(
    connection: Connection, webhook_id: UUID, message_id: UUID, failure: Failure, *, now: datetime
) -> bool:
    """Note a try that failed; tells whether the webhook was disabled by it."""
    answer = failure.answer
    await connection.execute(_FAILED, message_id, failure.next_try_at, now, answer.status, answer.words)
    if failure.rest is not None:
        await connection.execute(_REST, webhook_id, now + failure.rest)
    if failure.disable is None:
        return False
    done = await connection.execute(_DISABLE, webhook_id, failure.disable, now, failure.unless_taken_since)
    return done != "UPDATE 0"


async def sweep(pool: Pool, now: datetime) -> None:
    """Delete messages that are kept no longer; changes of contacts are in their log, and come from there."""
    await pool.execute(_SWEEP, now - KEPT, now - KEPT_OTHERS)
