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
    row = await connection.fetchrow("SELECT since, login, reason FROM applies_pause")
    return AppliesPause.model_validate(dict(row)) if row else None


async def pause_applies(connection: Connection, *, reason: str, login: str | None, now: datetime) -> None:
    """Pause; UserError `applies_paused` where it is on already."""
    done = await connection.fetchval(
        """INSERT INTO applies_pause (since, login, reason) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING true""",
        now,
        login,
        reason,
    )
    if not done:
        raise UserError("applies_paused", "All applies are paused already.")


async def resume_applies(connection: Connection) -> None:
    """Let runs write again; UserError `applies_not_paused`."""
    if not await connection.fetchval("DELETE FROM applies_pause RETURNING true"):
        raise UserError("applies_not_paused", "Applies are not paused.")
