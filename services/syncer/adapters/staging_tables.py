"""Where a set's batches lie: the first in a table that all sets share, all others in two tables of the set's own.

So a file of one batch makes no tables, and what a large file leaves is dropped, not vacuumed. All of it is unlogged: a
crash of the database empties it, which is noticed when the run is planned.
"""

from collections.abc import AsyncIterator

import asyncpg
import pyarrow as pa
import structlog
from pyarrow import csv as arrow_csv

from services.syncer.adapters.off_loop import off_loop
from shared.errors import PermanentError
from shared.postgres.database import DATABASE_FAILED, Connection, Pool
from shared.postgres.wakeups import Wakeups

CLEARED = "staging_cleared"
"""The channel that says that a run's staging has been cleared."""
_SWEEP_SECONDS = 60.0
_log = structlog.get_logger("contacts_sync.syncer.staging")
SHARED_BYTES = "staged_bytes"
_WITHOUT_HEADER = arrow_csv.WriteOptions(include_header=False)
# They live as long as one run, and are read once: whatever autovacuum did for them, the run would wait for.
_LEFT_ALONE = "WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)"
_BYTES_COLUMNS = "set_id, chunk, first, first_line, lines, rows, id_hashes, passwords"


def rows_table(set_id: int) -> str:
    """Return the name of the set's own table of keys, row hashes and lines."""
    return f"staging.rows_{set_id:d}"


def bytes_table(set_id: int) -> str:
    """Return the name of the set's own table of batches."""
    return f"staging.bytes_{set_id:d}"


async def make_tables(connection: Connection, set_id: int) -> None:
    """Make the set's tables, once, whoever comes first; in a transaction of its own."""
    async with connection.transaction():
        made = await connection.fetchval(
            "UPDATE staging_sets SET has_tables = true WHERE id = $1 AND NOT has_tables RETURNING true", set_id
        )
        if not made:
            return
        await connection.execute(
            f"""CREATE UNLOGGED TABLE {rows_table(set_id)}
                (unique_id text COLLATE "C", row_hash bigint, line bigint NOT NULL, fields jsonb) {_LEFT_ALONE};
            CREATE UNLOGGED TABLE {bytes_table(set_id)} (LIKE {SHARED_BYTES} INCLUDING ALL) {_LEFT_ALONE}"""
        )


async def move_first_batch(connection: Connection, set_id: int) -> bool:
    """Move the batch that came before the set had tables into them; tells whether there was one to move.

    Its rows are for the caller to copy.
    """
    moved = await connection.execute(
        f"""WITH moved AS (DELETE FROM {SHARED_BYTES} WHERE set_id = $1 RETURNING {_BYTES_COLUMNS})
        INSERT INTO {bytes_table(set_id)} ({_BYTES_COLUMNS}) SELECT * FROM moved""",
        set_id,
    )
    return moved != "INSERT 0 0"


async def copy_in(connection: Connection, table: str, rows: pa.Table) -> None:
    """Copy an Arrow table into one of the database that has columns of its names; texts and numbers, null as null.

    PermanentError `rows_not_copied` where the database has taken another number of rows.
    """
    schema, _, name = table.rpartition(".")
    content = await off_loop(rows.num_rows, _as_csv, rows)

    async def source() -> AsyncIterator[bytes]:
        yield content

    copied = await connection.copy_to_table(
        name,
        source=source(),
        columns=rows.column_names,
        schema_name=schema or None,
        format="csv",
    )
    if copied != f"COPY {rows.num_rows}":
        raise PermanentError("rows_not_copied", f"Of {rows.num_rows} rows the database has taken another number.")


def _as_csv(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(rows, sink, _WITHOUT_HEADER)
    content: bytes = sink.getvalue().to_pybytes()
    return content


async def sweep(pool: Pool, wakeups: Wakeups) -> None:
    """Drop the tables of runs that have ended, for ever."""
    while True:
        try:
            await drop_leftovers(pool)
        except DATABASE_FAILED as error:
            _log.warning("leftovers of staging wait for the database", error=type(error).__name__)
        await wakeups.wait(CLEARED, at_most=_SWEEP_SECONDS)


async def drop_leftovers(pool: Pool) -> None:
    """Drop tables of sets that are no more; one that somebody is using is left for the next time."""
    names = await pool.fetch(
        """SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'staging' AND c.relkind = 'r' AND NOT EXISTS (
            SELECT FROM staging_sets s WHERE s.id = split_part(c.relname, '_', 2)::bigint)"""
    )
    for row in names:
        try:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '1s'; DROP TABLE IF EXISTS staging.{row['name']}")
        except asyncpg.LockNotAvailableError:
            continue
