"""Staging: a run's parsed rows, by run, attempt and SHA-256, counted until they are complete.

Whoever stages copies first, then locks the run's row, and adds counts and checks completeness under that lock, so that
exactly one transaction sees the last piece come in.
"""

import asyncio
from datetime import datetime

import asyncpg

from services.syncer.adapters.off_loop import off_loop
from services.syncer.adapters.staging_sets import SERVICE, StagingSet, finish_if_complete, waited_ms
from services.syncer.adapters.staging_tables import SHARED_BYTES, bytes_table, copy_in, rows_table
from services.syncer.domain.batch import Batch
from shared.errors import PermanentError
from shared.events.rows import RowsParsed
from shared.postgres.database import Connection
from shared.store.runs import announce, enter_step, lock_open_run

_BEAT = """
UPDATE runs SET beat_at = clock_timestamp(), rows_staged = rows_staged + $2, waited_ms = $3 WHERE id = $1
RETURNING beat_at - $4::timestamptz >= interval '250 milliseconds'
"""

# A batch that overlaps another one is not counted in; the same one once more is a violation of the key.
_COUNT_IN = """
INSERT INTO staged_batches (set_id, chunk, first, count, is_last, chunk_bytes, good, rejected,
    first_line, lines, blank, header, skipped, fields, missing_columns)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 WHERE NOT EXISTS (
    SELECT FROM staged_batches
    WHERE set_id = $1 AND chunk = $2 AND first < $3::bigint + $4::bigint AND first + count > $3 AND first <> $3)
"""


async def is_staged(connection: Connection, staging_set: StagingSet, event: RowsParsed) -> bool:
    """Tell whether a batch is staged; PermanentError `batches_overlap` where its records came cut in another way."""
    known = await connection.fetchval(
        "SELECT count FROM staged_batches WHERE set_id = $1 AND chunk = $2 AND first = $3",
        staging_set.id,
        event.chunk,
        event.first,
    )
    if known not in {None, event.count}:
        raise _overlap(event)
    return known is not None


async def stage_batch(
    connection: Connection, staging_set: StagingSet, event: RowsParsed, batch: Batch | None, now: datetime
) -> bool:
    """Stage a batch, None where it was staged already; true when the run is complete. In the caller's transaction."""
    # What a crash takes from the log it takes from the unlogged tables too, and the run is asked for again.
    await connection.execute("SET LOCAL synchronous_commit = off")
    if batch is not None:
        await _copy(connection, staging_set, event, batch)
    run = await lock_open_run(connection, event.run_id, event.attempt)
    if run is None or run.status not in {"fetching", "staging"}:
        raise BatchNotWantedError
    if batch is not None:
        await _count_in(connection, staging_set.id, event)
        rows = event.good + len(event.rejected)
        shown = await connection.fetchval(_BEAT, event.run_id, rows, waited_ms(event, now), run.beat_at)
        if shown:
            await announce(connection, run.id)
    if run.status != "staging":
        await enter_step(connection, run.id, run.attempt, "staging", service=SERVICE, now=now)
    return await finish_if_complete(connection, staging_set.id, event.run_id, event.attempt, now)


async def _copy(connection: Connection, staging_set: StagingSet, event: RowsParsed, batch: Batch) -> None:
    """Keep the batch as it came and, where the set has tables, its keys, hashes and lines."""
    try:
        if staging_set.has_tables:
            staged = await asyncio.to_thread(batch.staged, wide=staging_set.is_wide)
            await copy_in(connection, rows_table(staging_set.id), staged)
        table = bytes_table(staging_set.id) if staging_set.has_tables else SHARED_BYTES
        await connection.execute(
            f"""INSERT INTO {table} (set_id, chunk, first, first_line, lines, rows, id_hashes, passwords)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            staging_set.id,
            event.chunk,
            event.first,
            event.first_line,
            event.lines,
            event.rows,
            await off_loop(batch.rows.num_rows, batch.id_hashes),
            [password.model_dump() for password in event.passwords] or None,
        )
    except asyncpg.UniqueViolationError as error:
        raise BatchAlreadyStagedError from error
    except asyncpg.UndefinedTableError as error:  # the run ended, and its tables were dropped
        raise BatchNotWantedError from error


async def _count_in(connection: Connection, set_id: int, event: RowsParsed) -> None:
    try:
        counted = await connection.execute(
            _COUNT_IN,
            set_id,
            event.chunk,
            event.first,
            event.count,
            event.is_last,
            event.chunk_bytes,
            event.good,
            len(event.rejected),
            event.first_line,
            event.lines,
            event.blank,
            event.header,
            event.skipped,
            event.fields,
            event.missing_columns,
        )
    except asyncpg.UniqueViolationError as error:
        raise BatchAlreadyStagedError from error
    if counted == "INSERT 0 0":
        raise _overlap(event)
    if event.rejected:
        await _copy_rejections(connection, set_id, event)
    if event.warned:
        await connection.copy_records_to_table(
            "staged_warnings",
            records=(
                (set_id, row.line, row.unique_id, [problem.model_dump() for problem in row.problems])
                for row in event.warned
            ),
            columns=("set_id", "line", "unique_id", "problems"),
        )


async def _copy_rejections(connection: Connection, set_id: int, event: RowsParsed) -> None:
    await connection.copy_records_to_table(
        "staged_rejections",
        records=(
            (
                set_id,
                row.line,
                row.unique_id,
                row.id_unreadable,
                [problem.model_dump() for problem in row.problems],
                row.offset,
                row.length,
            )
            for row in event.rejected
        ),
        columns=("set_id", "line", "unique_id", "id_unreadable", "problems", "row_offset", "row_length"),
    )


class BatchNotWantedError(Exception):
    """The run ended, or was asked for again, while its batch was copied; this transaction must be rolled back."""


class BatchAlreadyStagedError(Exception):
    """The same batch was staged at the same moment by another process; this transaction must be rolled back."""


def _overlap(event: RowsParsed) -> PermanentError:
    return PermanentError(
        "batches_overlap",
        f"Chunk {event.chunk} came cut into batches in two different ways; the attempt ends.",
    )
