"""Mails that only show whether mails arrive: asked for by admins, sent by the notifier."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, Field

from shared.ids import new_id
from shared.postgres.database import Connection

_KEPT: Final = timedelta(days=30)

_ASK = """
INSERT INTO outgoing_mails (id, kind, message_id, recipients, prepared_at, next_try_at)
VALUES ($1, 'test', $2, $3, $4, $4)
"""
_NEWEST = """
SELECT recipients[1] AS address, prepared_at AS asked_at, sent_at AS taken_at, next_try_at IS NOT NULL AS waits,
    coalesce(trouble, (SELECT value FROM jsonb_each_text(refused) LIMIT 1)) AS trouble
FROM outgoing_mails WHERE kind = 'test' ORDER BY prepared_at DESC LIMIT $1
"""


class MailTest(BaseModel):
    """A test mail, and what became of it."""

    address: str
    asked_at: datetime
    taken_at: datetime | None = Field(description="When the mail server took it; null: it has not")
    waits: bool = Field(description="It is still tried")
    trouble: str | None = Field(description="Why it waits, or was refused")


async def ask_for_mail_test(connection: Connection, address: str, *, now: datetime) -> None:
    """Have the notifier send a test mail; old ones are forgotten."""
    await connection.execute("DELETE FROM outgoing_mails WHERE kind = 'test' AND prepared_at < $1", now - _KEPT)
    mail_id = new_id()
    await connection.execute(_ASK, mail_id, f"<test-{mail_id}@contacts-sync>", [address], now)


async def newest_mail_tests(connection: Connection, limit: int) -> list[MailTest]:
    """Return the newest test mails."""
    return [MailTest.model_validate(dict(row)) for row in await connection.fetch(_NEWEST, limit)]
