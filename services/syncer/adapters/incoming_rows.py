"""The values of the rows that a plan is about, unpacked from their batches: all others stay packed.

They go into the temporary tables `incoming` and `incoming_passwords`.
"""

import asyncio
from array import array
from bisect import bisect_left, bisect_right

import pyarrow as pa
import pyarrow.compute as pc

from services.syncer.adapters.staged_set import StagedSet, batches_of
from services.syncer.adapters.staging_tables import copy_in
from services.syncer.domain.batch import Batch
from services.syncer.domain.contact_json import contact_json
from services.syncer.domain.row_hash import row_hashes
from shared.events.row_table import KEPT, LINE, UNIQUE_ID
from shared.postgres.database import Connection

_PAGE_READ = 10_000
_PAGE_COPIED = 2_000
"""Rows that are copied at once: a copy costs as much as some hundreds of them."""
_PAGE_BYTES = 4 << 20
"""Of values from which on fewer are."""

_FROM_STAGED = """
INSERT INTO incoming (line, unique_id, row_hash, fields)
SELECT s.line, s.unique_id, s.row_hash, s.fields FROM {rows} s JOIN {wanted} w USING (line)
"""


async def unpack_incoming(connection: Connection, staged: StagedSet, wanted: str) -> None:
    """Fill them with the rows on the lines of a relation `wanted`."""
    lines = await _wanted_lines(connection, wanted)
    if not lines:
        return
    page: list[Batch] = []
    async for chosen in batches_of(connection, staged, changed=lambda batch: _chosen(batch, lines)):
        page.append(chosen)
        rows, size = (sum(numbers) for numbers in zip(*((b.rows.num_rows, b.rows.nbytes) for b in page), strict=True))
        if rows >= _PAGE_COPIED or size >= _PAGE_BYTES:
            await _copy_incoming(connection, page)
            page = []
    await _copy_incoming(connection, page)


async def _copy_incoming(connection: Connection, page: list[Batch]) -> None:
    if page:
        together = Batch(
            pa.concat_tables([batch.rows for batch in page]),
            page[0].fields,
            [password for batch in page for password in batch.passwords],
        )
        await copy_in(connection, "incoming", await asyncio.to_thread(incoming_table, together))
        await _copy_passwords(connection, together)


async def take_staged(
    connection: Connection, staged: StagedSet, rows: str, wanted: str, *, has_passwords: bool
) -> None:
    """Fill them from a wide relation of rows, whose unique ids may have been drawn only now."""
    await connection.execute(_FROM_STAGED.format(rows=rows, wanted=wanted))
    if has_passwords:
        await collect_passwords(connection, staged, rows)


async def collect_passwords(connection: Connection, staged: StagedSet, rows: str) -> None:
    """Fill `incoming_passwords` alone, with those of all rows of a relation, under the unique ids they have there."""
    async for batch in batches_of(connection, staged):
        await _copy_passwords(connection, batch, table="all_passwords")
    await connection.execute(
        f"""INSERT INTO incoming_passwords (line, unique_id, field, fingerprint, sealed)
        SELECT p.line, s.unique_id, p.field, p.fingerprint, p.sealed FROM all_passwords p JOIN {rows} s USING (line)"""
    )


async def _wanted_lines(connection: Connection, wanted: str) -> "array[int]":
    lines = array("q")
    cursor = await connection.cursor(f"SELECT line FROM {wanted} WHERE line IS NOT NULL ORDER BY line")
    rows = None
    while rows is None or len(rows) == _PAGE_READ:
        rows = await cursor.fetch(_PAGE_READ)
        lines.extend(row["line"] for row in rows)
    return lines


def _chosen(batch: Batch, lines: "array[int]") -> Batch:
    """Return the part of a batch that stands on some of the lines; both are in order."""
    own = batch.rows.column(LINE).combine_chunks()
    if not len(own):
        return batch
    among = lines[bisect_left(lines, own[0].as_py()) : bisect_right(lines, own[-1].as_py())]
    if len(among) == len(own):
        return batch
    rows = batch.rows.filter(pc.is_in(own, pa.array(among, pa.int64())))
    kept = set(rows.column(LINE).to_pylist()) if batch.passwords else set()
    return Batch(rows, batch.fields, [password for password in batch.passwords if password.line in kept])


def incoming_table(batch: Batch) -> pa.Table:
    """Return a batch as `incoming` has it: texts and numbers, JSON and arrays as Postgres writes them."""
    return pa.table(
        {
            "line": batch.rows.column(LINE),
            "unique_id": batch.rows.column(UNIQUE_ID),
            "row_hash": row_hashes(batch.rows, batch.fields, batch.passwords),
            "fields": contact_json(batch.rows),
            "kept": _as_arrays(batch.rows.column(KEPT).to_pylist()),
        }
    )


def _as_arrays(kept: list[list[int] | None]) -> pa.Array:
    """Return lists of fields as Postgres writes arrays."""
    return pa.array([None if fields is None else f"{{{','.join(map(str, fields))}}}" for fields in kept], pa.string())


async def _copy_passwords(connection: Connection, batch: Batch, *, table: str = "incoming_passwords") -> None:
    if not batch.passwords:
        return
    ids = dict(zip(batch.rows.column(LINE).to_pylist(), batch.rows.column(UNIQUE_ID).to_pylist(), strict=True))
    await connection.copy_records_to_table(
        table,
        records=[
            (password.line, ids[password.line], password.field, password.fingerprint, password.sealed)
            for password in batch.passwords
        ],
        columns=("line", "unique_id", "field", "fingerprint", "sealed"),
    )
