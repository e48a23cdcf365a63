"""Holds runs back while all applies are paused."""

import asyncio
from typing import Final
from uuid import UUID

from shared.errors import TransientError
from shared.postgres.database import Connection, Pool

_ASKS_EVERY: Final = 0.5

_IS_HELD = """
SELECT EXISTS (SELECT FROM applies_pause) AND NOT dry_run AND finished_at IS NULL FROM runs WHERE id = $1
"""


class AppliesPausedError(TransientError):
    """Applies were paused before this run's changes were written."""


async def until_applies_go_on(pool: Pool, run_id: UUID) -> None:
    """Wait while applies are paused, unless the run writes nothing or has ended."""
    while await pool.fetchval(_IS_HELD, run_id):  # noqa: ASYNC110 - the switch is in the database, for all processes
        await asyncio.sleep(_ASKS_EVERY)


async def require_no_pause(connection: Connection, run_id: UUID) -> None:
    """Raise AppliesPausedError where the run has to wait."""
    if await connection.fetchval(_IS_HELD, run_id):
        raise AppliesPausedError("applies_paused", "All applies are paused.")
