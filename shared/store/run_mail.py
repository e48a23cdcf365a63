"""What became of the mail about a run. Written by the notifier, read by all."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from shared.postgres.database import Connection


class RunMail(BaseModel):
    """A run's mail: taken by the mail server for some, refused for others, still tried for others."""

    taken_at: datetime | None = Field(description="When the mail server first took it; null: it has not")
    next_try_at: datetime | None = Field(description="Null: nothing more is to be done")
    tries: int
    trouble: str | None = Field(description="Why it waits; null where nothing is wrong with it")
    waiting: list[str] = Field(description="Addresses that are to get it still")
    refused: dict[str, str] = Field(description="By address why it was refused for good")


async def mail_of_run(connection: Connection, run_id: UUID) -> RunMail | None:
    """Return what became of a run's mail; None where nobody was to be mailed."""
    row = await connection.fetchrow(
        """SELECT sent_at AS taken_at, next_try_at, tries, trouble, refused,
            CASE WHEN next_try_at IS NULL THEN '{}' ELSE recipients END AS waiting
        FROM outgoing_mails WHERE run_id = $1 AND cardinality(recipients) > 0""",
        run_id,
    )
    return RunMail.model_validate(dict(row)) if row else None
