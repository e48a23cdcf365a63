"""Settles fingerprints that were made under another key: argon2 tells whether a row's password is the stored one.

Where it is, the stored fingerprint becomes the row's, which is no change of the contact. What is settled stays so, also
where the run ends in between.
"""

import asyncio
from typing import Final

import asyncpg

from services.syncer.adapters.staged_set import StagedSet, batches_of
from services.syncer.domain.batch import Batch
from services.syncer.ports import Passwords
from shared.events.row_table import LINE, UNIQUE_ID
from shared.events.rows import SealedPassword
from shared.postgres.database import Connection, Pool
from shared.sealing import Sealer
from shared.store.runs import OpenRun

_AT_ONCE: Final = 50

_OTHER_KEY = "SELECT EXISTS (SELECT FROM contact_passwords WHERE manager_id = $1 AND NOT starts_with(fingerprint, $2))"

_STORED = """
SELECT k.unique_id, k.field, k.hash FROM unnest($2::text[], $3::integer[]) AS r (unique_id, field)
JOIN contact_passwords k ON k.manager_id = $1 AND k.unique_id = r.unique_id AND k.field = r.field
WHERE NOT starts_with(k.fingerprint, $4)
"""

_SETTLE = """
UPDATE contact_passwords SET fingerprint = $5 WHERE manager_id = $1 AND unique_id = $2 AND field = $3 AND hash = $4
"""


async def settle_fingerprints(
    connection: Connection, pool: Pool, run: OpenRun, staged: StagedSet, sealer: Sealer, passwords: Passwords
) -> None:
    """Compare the run's passwords with stored ones whose fingerprints are of another key; needs a transaction.

    What is settled is written on connections of `pool`, so that it stays.
    """
    ours = f"{sealer.fingerprint_key_id}:"
    if not run.setup.has_passwords() or not await connection.fetchval(_OTHER_KEY, run.manager_id, ours):
        return
    async for batch in batches_of(connection, staged):
        by_place = _by_place(batch)
        places = list(by_place)
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            ids, fields = [unique_id for unique_id, _ in some], [field for _, field in some]
            rows = await pool.fetch(_STORED, run.manager_id, ids, fields, ours)
            settled = await asyncio.gather(*(_fits(row, by_place, sealer, passwords) for row in rows))
            await pool.executemany(
                _SETTLE,
                [
                    (run.manager_id, *place, row["hash"], by_place[place].fingerprint)
                    for row, fits in zip(rows, settled, strict=True)
                    if fits and (place := (row["unique_id"], row["field"]))
                ],
            )


def _by_place(batch: Batch) -> dict[tuple[str, int], SealedPassword]:
    """Return a batch's passwords by unique id and field, of equal ids the last."""
    if not batch.passwords:
        return {}
    ids = dict(zip(batch.rows.column(LINE).to_pylist(), batch.rows.column(UNIQUE_ID).to_pylist(), strict=True))
    return {(ids[password.line], password.field): password for password in batch.passwords}


async def _fits(
    row: asyncpg.Record, by_place: dict[tuple[str, int], SealedPassword], sealer: Sealer, passwords: Passwords
) -> bool:
    clear = sealer.open(by_place[row["unique_id"], row["field"]].sealed, "password")
    return await passwords.fits(row["hash"], clear)
