"""Holds runs back while all applies are paused."""

import asyncio
from typing import Final
from uuid import UUID

from shared.errors import TransientError
from shared.postgres.database import Connection, Pool

_ASKS_EVERY: Final = 0.5

_IS_HELD = """
SELECT EXISTS (SELECT FROM applies_pause WHERE ended_at IS NULL) AND NOT dry_run AND finished_at IS NULL
FROM runs WHERE id = $1
"""


class AppliesPausedError(TransientError):
    """Applies were paused before this run's changes were written."""

    def __init__(self) -> None:
        super().__init__("applies_paused", "All applies are paused.")


async def until_applies_go_on(pool: Pool, run_id: UUID) -> None:
    """Wait while applies are paused, unless the run writes nothing or has ended."""
    while await pool.fetchval(_IS_HELD, run_id):  # noqa: ASYNC110 - the switch is in the database, for all processes
        await asyncio.sleep(_ASKS_EVERY)


async def is_held(connection: Connection, run_id: UUID) -> bool:
    """Tell whether the run has to wait before it writes."""
    return bool(await connection.fetchval(_IS_HELD, run_id))


async def put_back(pool: Pool, run_id: UUID, attempt: int) -> None:
    """Let a run that was about to write wait as one that is planned, which can be cancelled."""
    await pool.execute(
        """WITH back AS (
            UPDATE runs SET status = 'planning' WHERE id = $1 AND attempt = $2 AND status = 'applying'
                AND finished_at IS NULL RETURNING id)
        SELECT pg_notify('run_changed', id::text) FROM back""",
        run_id,
        attempt,
    )
