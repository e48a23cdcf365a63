"""Hashes the passwords a plan changes, before the transaction that applies it; each is kept, so none is done twice."""

import asyncio
from uuid import UUID

from services.syncer.ports import HashPassword
from shared.postgres.database import Database
from shared.sealing import Sealer

_BATCH = 50
_AT_ONCE = 2
"""A hash takes tens of milliseconds of a core and 19 MiB."""


async def hash_passwords(database: Database, sealer: Sealer, run_id: UUID, hash_password: HashPassword) -> None:
    """Replace every sealed password of the run's plan by its hash."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def hashed(sealed: str) -> str:
        async with places:
            return await asyncio.to_thread(lambda: hash_password(sealer.open(sealed, "password")))

    while rows := await database.pool.fetch(
        "SELECT unique_id, field, sealed FROM plan_passwords WHERE run_id = $1 AND sealed IS NOT NULL LIMIT $2",
        run_id,
        _BATCH,
    ):
        hashes = await asyncio.gather(*(hashed(row["sealed"]) for row in rows))
        await database.pool.executemany(
            "UPDATE plan_passwords SET hash = $4, sealed = NULL WHERE run_id = $1 AND unique_id = $2 AND field = $3",
            [(run_id, row["unique_id"], row["field"], value) for row, value in zip(rows, hashes, strict=True)],
        )
