"""Hashes the passwords a plan changes, before the transaction that applies it; each is kept, so none is done twice."""

import asyncio
from uuid import UUID

import asyncpg

from services.syncer.ports import Passwords
from shared.errors import PermanentError, UserError
from shared.postgres.database import Connection
from shared.sealing import Sealer

_BATCH = 50


async def hash_passwords(connection: Connection, sealer: Sealer, run_id: UUID, passwords: Passwords) -> None:
    """Replace every sealed password of the run's plan by its hash; call it outside a transaction.

    UserError `passwords_sealed` where a plan has waited for so long that the key of its passwords is gone.
    """
    while rows := await connection.fetch(
        "SELECT unique_id, field, sealed FROM plan_passwords WHERE run_id = $1 AND sealed IS NOT NULL LIMIT $2",
        run_id,
        _BATCH,
    ):
        hashes = await asyncio.gather(*map(passwords.hash, _opened(sealer, rows)))
        await connection.executemany(
            "UPDATE plan_passwords SET hash = $4, sealed = NULL WHERE run_id = $1 AND unique_id = $2 AND field = $3",
            [(run_id, row["unique_id"], row["field"], value) for row, value in zip(rows, hashes, strict=True)],
        )


def _opened(sealer: Sealer, rows: list[asyncpg.Record]) -> list[str]:
    try:
        return [sealer.open(row["sealed"], "password") for row in rows]
    except PermanentError as error:
        message = (
            "The passwords of this plan were sealed with a key that this system does not have any more. Nothing was "
            "changed: run the import again."
        )
        raise UserError("passwords_sealed", message) from error
