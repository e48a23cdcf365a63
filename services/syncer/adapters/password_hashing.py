"""Hashes the passwords a plan changes, before the transaction that applies it; each is kept, so none is done twice."""

import asyncio
from uuid import UUID

from services.syncer.ports import Passwords
from shared.postgres.database import Connection
from shared.sealing import Sealer

_BATCH = 50


async def hash_passwords(connection: Connection, sealer: Sealer, run_id: UUID, passwords: Passwords) -> None:
    """Replace every sealed password of the run's plan by its hash; call it outside a transaction."""
    while rows := await connection.fetch(
        "SELECT unique_id, field, sealed FROM plan_passwords WHERE run_id = $1 AND sealed IS NOT NULL LIMIT $2",
        run_id,
        _BATCH,
    ):
        clear = (sealer.open(row["sealed"], "password") for row in rows)
        hashes = await asyncio.gather(*map(passwords.hash, clear))
        await connection.executemany(
            "UPDATE plan_passwords SET hash = $4, sealed = NULL WHERE run_id = $1 AND unique_id = $2 AND field = $3",
            [(run_id, row["unique_id"], row["field"], value) for row, value in zip(rows, hashes, strict=True)],
        )
