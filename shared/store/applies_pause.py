"""The one switch that pauses all applies: runs fetch, read and plan, and wait before they write.

What is being written when it is turned is finished. Dry runs write nothing, so they go on; people edit as ever.
"""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.postgres.database import Connection


class AppliesPause(BaseModel):
    """A pause that is on."""

    since: datetime
    login: str | None = Field(description="Who paused")
    reason: str


async def applies_pause(connection: Connection) -> AppliesPause | None:
    """Return the pause that is on, None where there is none."""
    row = await connection.fetchrow("SELECT since, login, reason FROM applies_pause WHERE ended_at IS NULL")
    return AppliesPause.model_validate(dict(row)) if row else None


async def pause_applies(connection: Connection, *, reason: str, login: str | None, now: datetime) -> None:
    """Pause; UserError `applies_paused` where it is on already."""
    done = await connection.fetchval(
        """INSERT INTO applies_pause (since, login, reason) VALUES ($1, $2, $3)
        ON CONFLICT (only_one) DO UPDATE SET since = excluded.since, login = excluded.login, reason = excluded.reason,
            ended_at = NULL WHERE applies_pause.ended_at IS NOT NULL
        RETURNING true""",
        now,
        login,
        reason,
    )
    if not done:
        raise UserError("applies_paused", "All applies are paused already.")


async def resume_applies(connection: Connection, *, now: datetime) -> None:
    """Let runs write again; UserError `applies_not_paused`."""
    ended = await connection.fetchval(
        "UPDATE applies_pause SET ended_at = $1 WHERE ended_at IS NULL RETURNING true", now
    )
    if not ended:
        raise UserError("applies_not_paused", "Applies are not paused.")
