"""The tables of mails: each mail is noted before it is sent, and locked while it is.

So of several notifiers one sends, and a mail is sent again only where the note that it was sent is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.postgres.database import Connection, Pool


@dataclass(frozen=True)
class DueMail:
    """A mail that is ours to send: to whom still, and since when it is due."""

    recipients: tuple[str, ...]
    prepared_at: datetime


@dataclass(frozen=True)
class Ledger:
    """A table of mails. What a mail is about, a run or a warning of an import, is there for once only.

    `note` is given the id of the subject, the mail's own, its recipients, and the time.
    """

    note: str
    lock: str
    sent: str
    left: str


RUN_MAILS: Final = Ledger(
    note="""INSERT INTO mails (run_id, message_id, recipients, prepared_at)
        SELECT id, $3, $4, $5 FROM runs WHERE id = $1 AND $2::uuid IS NOT NULL ON CONFLICT DO NOTHING""",
    lock="SELECT recipients, prepared_at, sent_at FROM mails WHERE run_id = $1 FOR UPDATE",
    sent="UPDATE mails SET sent_at = $2 WHERE run_id = $1",
    left="UPDATE mails SET recipients = $2 WHERE run_id = $1",
)
WARNING_MAILS: Final = Ledger(
    note="""INSERT INTO warning_mails (warning_id, import_id, message_id, recipients, prepared_at)
        SELECT $1, id, $3, $4, $5 FROM imports WHERE id = $2 ON CONFLICT DO NOTHING""",
    lock="SELECT recipients, prepared_at, sent_at FROM warning_mails WHERE warning_id = $1 FOR UPDATE",
    sent="UPDATE warning_mails SET sent_at = $2 WHERE warning_id = $1",
    left="UPDATE warning_mails SET recipients = $2 WHERE warning_id = $1",
)


@dataclass(frozen=True)
class Subject:
    """What a mail is about: an id of its own, and the import that it belongs to."""

    ledger: Ledger
    id: UUID
    import_id: UUID


async def note_due(pool: Pool, subject: Subject, message_id: str, recipients: Sequence[str], now: datetime) -> None:
    """Note that a mail is due, unless that is noted already, or what it is about is no longer kept."""
    await pool.execute(subject.ledger.note, subject.id, subject.import_id, message_id, list(recipients), now)


async def claim(connection: Connection, subject: Subject) -> DueMail | None:
    """Return a mail if it is still to be sent, locked until the transaction ends; waits for who has it locked."""
    row = await connection.fetchrow(subject.ledger.lock, subject.id)
    if row is None or row["sent_at"] is not None:
        return None
    return DueMail(tuple(row["recipients"]), row["prepared_at"])


async def note_sent(connection: Connection, subject: Subject, now: datetime) -> None:
    """Note that the server has taken the mail."""
    await connection.execute(subject.ledger.sent, subject.id, now)


async def note_left(connection: Connection, subject: Subject, recipients: Sequence[str]) -> None:
    """Note that only these are still to get the mail, so that the others don't get it twice."""
    await connection.execute(subject.ledger.left, subject.id, list(recipients))
