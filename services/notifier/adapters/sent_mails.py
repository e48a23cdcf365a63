"""The table of mails: each is noted before it is sent, and locked while it is.

So of several notifiers one sends, and a mail is sent again only where the note that it was sent is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres.database import Connection, Pool


@dataclass(frozen=True)
class DueMail:
    """A mail that is ours to send: to whom still, and since when it is due."""

    recipients: tuple[str, ...]
    prepared_at: datetime


async def note_due(pool: Pool, run_id: UUID, message_id: str, recipients: Sequence[str], now: datetime) -> None:
    """Note that a run's mail is due, unless that is noted already, or the run is no longer kept."""
    await pool.execute(
        """INSERT INTO mails (run_id, message_id, recipients, prepared_at)
        SELECT id, $2, $3, $4 FROM runs WHERE id = $1 ON CONFLICT DO NOTHING""",
        run_id,
        message_id,
        list(recipients),
        now,
    )


async def claim(connection: Connection, run_id: UUID) -> DueMail | None:
    """Return a run's mail if it is still to be sent, locked until the transaction ends; waits for who has it locked."""
    row = await connection.fetchrow(
        "SELECT recipients, prepared_at, sent_at FROM mails WHERE run_id = $1 FOR UPDATE", run_id
    )
    if row is None or row["sent_at"] is not None:
        return None
    return DueMail(tuple(row["recipients"]), row["prepared_at"])


async def note_sent(connection: Connection, run_id: UUID, now: datetime) -> None:
    """Note that the server has taken the mail."""
    await connection.execute("UPDATE mails SET sent_at = $2 WHERE run_id = $1", run_id, now)


async def note_left(connection: Connection, run_id: UUID, recipients: Sequence[str]) -> None:
    """Note that only these are still to get the mail, so that the others don't get it twice."""
    await connection.execute("UPDATE mails SET recipients = $2 WHERE run_id = $1", run_id, list(recipients))
