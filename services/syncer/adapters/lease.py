"""The lease on a run: a session-level advisory lock, which ends with the process that holds it.

So another process may go on the moment this one dies.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from shared.postgres.database import Connection

_SPACE: Final = 0x72756E


@asynccontextmanager
async def lease(connection: Connection, run_id: UUID) -> AsyncIterator[bool]:
    """Hold the right to work on a run, if nobody else has it."""
    place = run_id.int & 0x7FFF_FFFF
    held = await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", _SPACE, place)
    try:
        yield held
    finally:
        if held and not connection.is_closed():
            try:
                await connection.execute("SELECT pg_advisory_unlock($1, $2)", _SPACE, place)
            except BaseException:
                connection.terminate()
                raise
