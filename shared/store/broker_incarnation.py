"""Incarnations of the embedded broker: each start is a new one, because it keeps nothing over a restart."""

import asyncpg

from shared.ids import new_id


async def record_incarnation(dsn: str) -> None:
    """Note that the broker has begun anew; wakes the scheduler, which asks for unfinished runs again."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("INSERT INTO broker_incarnations (id, began_at) VALUES ($1, now())", new_id())
    finally:
        await connection.close()
