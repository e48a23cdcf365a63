"""A complete staging set as planning reads it: what its batches add up to, and one row for each unique id."""

import asyncio
import random
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import asyncpg
import pyarrow as pa

from services.syncer.adapters.off_loop import off_loop, side_by_side
from services.syncer.adapters.staging_tables import (
    SHARED_BYTES,
    bytes_table,
    copy_in,
    move_first_batch,
    rows_table,
)
from services.syncer.domain.batch import Batch
from services.syncer.domain.distinct_hashes import DistinctHashes
from services.syncer.domain.generated_keys import draw_codes
from shared.errors import TransientError
from shared.events.row_table import unpack_rows
from shared.events.rows import SealedPassword
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

_TEMPORARY: Final = "staged"
"""Where the rows of a file with duplicates, and those with generated keys are put."""

_SET = """
SELECT s.id, s.is_wide, s.has_tables, s.text_bytes, coalesce(sum(b.good), 0)::bigint AS good,
    coalesce(sum(b.rejected), 0)::bigint AS rejected, count(b.*) AS batches,
    coalesce(sum(b.chunk_bytes) FILTER (WHERE b.is_last), 0)::bigint AS chunk_bytes,
    coalesce(bool_or(b.missing_columns <> '{}'), false) AS has_missing_columns,
    EXISTS (SELECT FROM staged_warnings WHERE set_id = s.id) AS has_warnings,
    (SELECT count(*) FROM staged_bytes WHERE set_id = s.id) AS shared_batches,
    coalesce((SELECT f.fields FROM staged_batches f WHERE f.set_id = s.id LIMIT 1), '{}') AS fields
FROM staging_sets s LEFT JOIN staged_batches b ON b.set_id = s.id
WHERE s.run_id = $1 AND s.attempt = $2 AND s.chunks IS NOT NULL GROUP BY s.id
"""

_HAS_DUPLICATES = "SELECT EXISTS (SELECT FROM {rows} GROUP BY unique_id HAVING count(*) > 1)"

_BATCHES = """
SELECT rows, passwords FROM {table} WHERE set_id = $1 AND ($2 OR (chunk, first) = (0, 0))
ORDER BY first_line, chunk, first
"""

_ID_HASHES = "SELECT id_hashes FROM {table} WHERE set_id = $1"

_CODED = """
CREATE TEMP TABLE staged ON COMMIT DROP AS
SELECT c.code COLLATE "C" AS unique_id, NULL::bigint AS row_hash, r.line, r.fields
FROM (SELECT *, row_number() OVER (ORDER BY line) AS place FROM {rows}) r JOIN drawn_codes c USING (place)
"""

_CODES_TAKEN = """
SELECT unique_id::bigint AS code FROM contacts WHERE manager_id = $1 AND unique_id ~ '^[1-9][0-9]{8}$'
"""
_PAGE: Final = 100_000
_BATCHES_AT_ONCE: Final = 2
"""Handed to a thread together: a hand-over may leave a core idle for a millisecond."""


@dataclass(frozen=True)
class StagedSet:
    """A complete set: all that its batches say together, bytes of the stored text included."""

    id: int
    is_wide: bool
    has_tables: bool
    text_bytes: int
    good: int
    rejected: int
    batches: int
    chunk_bytes: int
    has_missing_columns: bool
    has_warnings: bool
    shared_batches: int
    """How many of its batches lie in the table that all sets share."""
    fields: list[int]

    @property
    def bytes_table(self) -> str:
        """Return where its batches lie."""
        return bytes_table(self.id) if self.has_tables else SHARED_BYTES


@dataclass(frozen=True)
class StagedRows:
    """The relation that has one row (key, row hash, line) for each unique id, the last of its lines.

    `duplicates` has all of a set's rows, where some unique ids have several; else None.
    """

    name: str
    count: int
    duplicates: str | None


async def complete_set(connection: Connection, run: OpenRun) -> StagedSet:
    """Return the run's set. TransientError `staging_lost` where rows that were staged are gone, as after a crash."""
    row = await connection.fetchrow(_SET, run.id, run.attempt)
    if row is None:
        raise TransientError("staging_lost", "The run's staged rows are gone.")
    staged = StagedSet(**dict(row))
    if staged.has_tables and await move_first_batch(connection, staged.id):
        async for batch in batches_of(connection, staged, only_first=True):
            await copy_in(connection, rows_table(staged.id), await asyncio.to_thread(batch.staged, wide=staged.is_wide))
    count = staged.shared_batches
    if staged.has_tables:
        count = await connection.fetchval(f"SELECT count(*) FROM {staged.bytes_table} WHERE set_id = $1", staged.id)
    if count != staged.batches:
        raise TransientError("staging_lost", "Rows that were staged are gone; the database has lost them in a crash.")
    return staged


async def staged_rows(connection: Connection, run: OpenRun, staged: StagedSet, source: random.Random) -> StagedRows:
    """Return where the set's rows are, by unique id; `source` is what codes are drawn from.

    They are all there: each batch's were counted when they were copied, in one transaction with its bytes, and a crash
    empties both tables.
    """
    rows = rows_table(staged.id) if staged.has_tables else await _unpacked(connection, staged)
    if run.setup.unique_id.generate:
        await _draw_codes(connection, run, staged.good, source)
        await connection.execute(_CODED.format(rows=rows))
        return StagedRows(_TEMPORARY, staged.good, None)
    if not await _may_have_duplicates(connection, staged):
        return StagedRows(rows, staged.good, None)
    if not await connection.fetchval(_HAS_DUPLICATES.format(rows=rows)):
        return StagedRows(rows, staged.good, None)
    await connection.execute(
        f"""DROP TABLE IF EXISTS pg_temp.{_TEMPORARY};
        CREATE TEMP TABLE {_TEMPORARY} ON COMMIT DROP AS
        SELECT DISTINCT ON (unique_id) * FROM {rows} ORDER BY unique_id, line DESC"""
    )
    count = await connection.fetchval(f"SELECT count(*) FROM {_TEMPORARY}")
    return StagedRows(_TEMPORARY, count, rows)


async def _draw_codes(connection: Connection, run: OpenRun, count: int, source: random.Random) -> None:
    """Make `drawn_codes`: a code for each place of a row, from 1, none of which a contact has."""
    taken = array("I")
    cursor = await connection.cursor(_CODES_TAKEN, run.manager_id)
    while rows := await cursor.fetch(_PAGE):
        taken.extend(row["code"] for row in rows)
    codes = await asyncio.to_thread(draw_codes, count, pa.array(taken, pa.uint32()), source)
    await connection.execute("CREATE TEMP TABLE drawn_codes (place bigint, code text) ON COMMIT DROP")
    for start in range(0, count, _PAGE):
        page = codes.slice(start, _PAGE)
        places = pa.array(range(start + 1, start + 1 + len(page)), pa.int64())
        await copy_in(connection, "drawn_codes", pa.table({"place": places, "code": page.cast(pa.string())}))
    await connection.execute("ANALYZE drawn_codes")


async def batches_of(
    connection: Connection,
    staged: StagedSet,
    *,
    only_first: bool = False,
    changed: Callable[[Batch], Batch] = lambda batch: batch,
) -> AsyncIterator[Batch]:
    """Yield the set's batches in the order of the file, eight in memory at a time; needs a transaction.

    `changed` is called on each, in a thread where there are several.
    """

    def made(row: asyncpg.Record) -> Batch:
        passwords = [SealedPassword.model_validate(password) for password in row["passwords"] or ()]
        try:
            rows = unpack_rows(row["rows"])
        except pa.ArrowInvalid as error:  # staged by a version that packed otherwise
            raise TransientError("staging_lost", "Rows that were staged cannot be read.") from error
        return changed(Batch(rows, staged.fields, passwords))

    if not staged.has_tables:
        for row in await connection.fetch(_BATCHES.format(table=SHARED_BYTES), staged.id, True):  # noqa: FBT003 - SQL's
            yield await off_loop(staged.good, made, row)
        return
    cursor = await connection.cursor(_BATCHES.format(table=staged.bytes_table), staged.id, not only_first)
    async with aclosing(side_by_side(_pages(cursor), lambda page: [made(row) for row in page])) as pages:
        async for page in pages:
            for batch in page:
                yield batch


async def _pages(cursor: "asyncpg.cursor.Cursor[asyncpg.Record]") -> AsyncIterator[list[asyncpg.Record]]:
    while page := await cursor.fetch(_BATCHES_AT_ONCE):
        yield page


async def _unpacked(connection: Connection, staged: StagedSet) -> str:
    async for batch in batches_of(connection, staged):
        rows = await off_loop(staged.good, lambda batch=batch: batch.staged(wide=staged.is_wide))
        await copy_in(connection, "staged_unpacked", rows)
    return "staged_unpacked"


async def _may_have_duplicates(connection: Connection, staged: StagedSet) -> bool:
    """Tell whether any two ids share their hash: far cheaper than comparing a million ids, and nearly always none."""
    distinct = DistinctHashes()
    if staged.has_tables:
        cursor = connection.cursor(_ID_HASHES.format(table=staged.bytes_table), staged.id, prefetch=20)
        async for row in cursor:
            distinct.add(row["id_hashes"])
    else:
        for row in await connection.fetch(_ID_HASHES.format(table=SHARED_BYTES), staged.id):
            distinct.add(row["id_hashes"])
    return await off_loop(staged.good, distinct.count) < staged.good
