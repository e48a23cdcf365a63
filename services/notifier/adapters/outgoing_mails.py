"""The outbox of mails: noted once with all they say, claimed by one sender at a time, kept until they are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.postgres.database import Connection, Pool

CHANNEL = "outgoing_mails"
"""Notified when a mail was noted."""

_NOTE = """
INSERT INTO outgoing_mails
    (id, kind, import_id, run_id, message_id, recipients, content, prepared_at, next_try_at, refused)
SELECT $1, $2, i.id, $4::uuid, $5, $6, $7::bytea, $8, CASE WHEN $7 IS NOT NULL THEN $8::timestamptz END, $9
FROM imports i WHERE i.id = $3 AND ($4::uuid IS NULL OR EXISTS (SELECT FROM runs WHERE id = $4))
ON CONFLICT DO NOTHING
"""
_CLAIM = """
SELECT id, kind, message_id, recipients, content, tries, prepared_at, deferred_since, refused,
    sent_at IS NOT NULL AS taken FROM outgoing_mails
WHERE next_try_at <= $1 ORDER BY next_try_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
_LEFT = """
UPDATE outgoing_mails SET recipients = $2, refused = $3, tries = tries + 1, trouble = $4, next_try_at = $5,
    deferred_since = $6, sent_at = coalesce(sent_at, $7) WHERE id = $1
"""
_DONE = """
UPDATE outgoing_mails SET refused = $2, tries = tries + 1, trouble = NULL, next_try_at = NULL, content = NULL,
    sent_at = coalesce(sent_at, $3) WHERE id = $1
"""


@dataclass(frozen=True)
class Subject:
    """What a mail is about: an id of its own, the import that it belongs to, and the run where it is about one."""

    kind: Literal["run", "warning", "summary"]
    id: UUID
    import_id: UUID
    run_id: UUID | None = None


@dataclass(frozen=True)
class DueMail:
    """A mail that is ours to send: to whom still, and how often that was tried; a test without content is unwritten."""

    id: UUID
    kind: str
    message_id: str
    recipients: tuple[str, ...]
    content: bytes | None
    tries: int
    prepared_at: datetime
    deferred_since: datetime | None
    refused: dict[str, str]
    taken: bool
    """The server has it already, for others."""


@dataclass(frozen=True)
class PutOff:
    """What is left of a mail: who is still to get it, why they don't have it, who never will, and when it is tried.

    `taken_at`: when the server took it for others; None: for nobody this time.
    """

    recipients: Sequence[str]
    refused: Mapping[str, str]
    trouble: str
    next_try_at: datetime
    deferred_since: datetime
    taken_at: datetime | None


async def is_noted(connection: Connection, subject: Subject) -> bool:
    """Tell whether this was noted before, be it that nobody is to be mailed."""
    return bool(await connection.fetchval("SELECT true FROM outgoing_mails WHERE id = $1", subject.id))


async def note_due(
    connection: Connection,
    subject: Subject,
    message_id: str,
    recipients: Sequence[str],
    content: bytes | None,
    now: datetime,
    *,
    refused: Mapping[str, str] | None = None,
) -> bool:
    """Note a mail, which is due at once; false where that is noted already, or what it is about is no longer kept.

    `refused` says of addresses why they don't get it, before anybody has tried.
    Without content nobody is to be mailed: what is noted is that the event was handled.
    """
    about = (subject.id, subject.kind, subject.import_id, subject.run_id)
    tag = await connection.execute(_NOTE, *about, message_id, list(recipients), content, now, dict(refused or {}))
    return tag.endswith(" 1")


async def claim_due(connection: Connection, now: datetime) -> DueMail | None:
    """Return the mail that is due the longest, locked until the transaction ends, and no other's; None: none is due."""
    row = await connection.fetchrow(_CLAIM, now)
    return DueMail(**dict(row) | {"recipients": tuple(row["recipients"])}) if row else None


async def next_due(pool: Pool, now: datetime) -> datetime | None:
    """Return when the next mail that is not due yet will be."""
    due: datetime | None = await pool.fetchval(
        "SELECT min(next_try_at) FROM outgoing_mails WHERE next_try_at > $1", now
    )
    return due


async def any_taken_since(connection: Connection, moment: datetime) -> bool:
    """Tell whether the server has taken a mail since then."""
    taken = "SELECT EXISTS (SELECT FROM outgoing_mails WHERE sent_at > $1)"
    return bool(await connection.fetchval(taken, moment))


async def note_done(
    connection: Connection, mail: DueMail, refused: Mapping[str, str], *, sent_at: datetime | None
) -> None:
    """Note that nothing is left to do; `refused` are those that did not get it, `sent_at` None: nobody this time."""
    await connection.execute(_DONE, mail.id, dict(refused), sent_at)


async def note_left(connection: Connection, mail: DueMail, left: PutOff) -> None:
    """Note who is still to get the mail, and when that is tried again."""
    known = (list(left.recipients), dict(left.refused), left.trouble, left.next_try_at, left.deferred_since)
    await connection.execute(_LEFT, mail.id, *known, left.taken_at)


async def note_trouble(connection: Connection, mail: DueMail, trouble: str) -> None:
    """Note why a mail waits though nothing is wrong with it; it stays due."""
    await connection.execute("UPDATE outgoing_mails SET trouble = $2 WHERE id = $1", mail.id, trouble)
