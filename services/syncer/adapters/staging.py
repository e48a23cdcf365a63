"""Staging: a run's parsed rows, by run, attempt and SHA-256, counted until they are complete.

Whoever stages copies first, then locks the run's row, and adds counts and checks completeness under that lock, so that
exactly one transaction sees the last piece come in.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import asyncpg
import pyarrow as pa

from shared.errors import PermanentError
from shared.events.files import FileFetched
from shared.events.row_table import unpack_rows
from shared.events.rows import RowsParsed
from shared.postgres.database import Connection
from shared.store.runs import announce, enter_step, lock_open_run

_SERVICE = "syncer"

_STAGED_SET = """
WITH made AS (
    INSERT INTO staging_sets (run_id, attempt, sha256) VALUES ($1, $2, $3)
    ON CONFLICT (run_id, attempt, sha256) DO NOTHING RETURNING id)
SELECT id FROM made UNION ALL SELECT id FROM staging_sets WHERE run_id = $1 AND attempt = $2 AND sha256 = $3
"""

_BEAT = "UPDATE runs SET beat_at = $2, rows_staged = rows_staged + $3, waited_ms = $4 WHERE id = $1"

_COMPLETE = """
SELECT s.chunks IS NOT NULL
    AND (SELECT count(*) FILTER (WHERE is_last) FROM staged_batches WHERE set_id = s.id) = s.chunks
    AND (SELECT bool_and(tiled) FROM (
            SELECT sum(count) = max(first + count) FILTER (WHERE is_last) AS tiled
            FROM staged_batches WHERE set_id = s.id GROUP BY chunk) AS chunk_tiles)
FROM staging_sets s WHERE s.id = $1
"""

_OVERLAP = """
SELECT EXISTS (SELECT FROM staged_batches
    WHERE set_id = $1 AND chunk = $2 AND first < $3::bigint + $4::bigint AND first + count > $3 AND first <> $3)
"""


async def is_current(connection: Connection, run_id: UUID, attempt: int) -> bool:
    """Tell, without a lock, whether a run is open with this attempt and still takes rows."""
    return bool(
        await connection.fetchval(
            "SELECT status IN ('fetching', 'staging') FROM runs WHERE id = $1 AND attempt = $2",
            run_id,
            attempt,
        )
    )


async def ensure_set(connection: Connection, event: RowsParsed | FileFetched) -> int | None:
    """Return the id of the event's staging set, made where it is missing; None where the event is not current.

    Call it outside a transaction: a set that is made and not yet committed would make others wait while they hold the
    run's row.
    """
    if not await is_current(connection, event.run_id, event.attempt):
        return None
    sha256 = event.sha256 if isinstance(event, RowsParsed) else event.file.sha256
    while (set_id := await connection.fetchval(_STAGED_SET, event.run_id, event.attempt, sha256)) is None:
        pass  # another process made it after this statement began; the next one sees it
    return int(set_id)


async def drop_set_of_ended_run(connection: Connection, set_id: int) -> None:
    """Take a set away that was made just as its run ended; its end has cleared all the others."""
    await connection.execute(
        "DELETE FROM staging_sets s USING runs r WHERE s.id = $1 AND r.id = s.run_id AND r.finished_at IS NOT NULL",
        set_id,
    )


async def stage_batch(connection: Connection, set_id: int, event: RowsParsed, now: datetime) -> bool:
    """Stage a batch once, however often it comes; true when it made the run complete. In the caller's transaction.

    PermanentError `batches_overlap` where the same records came cut in another way.
    """
    known = await connection.fetchrow(
        "SELECT count FROM staged_batches WHERE set_id = $1 AND chunk = $2 AND first = $3",
        set_id,
        event.chunk,
        event.first,
    )
    if known is None:
        await _copy(connection, set_id, event)
    run = await lock_open_run(connection, event.run_id, event.attempt)
    if run is None or run.status not in {"fetching", "staging"}:
        raise BatchNotWantedError
    if known is None:
        await _count_in(connection, set_id, event)
        rows = event.good + len(event.rejected)
        waited_ms = max(0, round((now - event.occurred_at).total_seconds() * 1000))
        await connection.execute(_BEAT, event.run_id, now, rows, waited_ms)
    elif known["count"] != event.count:
        raise _overlap(event)
    await enter_step(connection, run.id, run.attempt, "staging", service=_SERVICE, now=now)
    await announce(connection, run.id)
    return await _finish_if_complete(connection, set_id, event.run_id, event.attempt, now)


async def note_file(connection: Connection, set_id: int, event: FileFetched, now: datetime) -> bool:
    """Note what the attempt's file is; true when all its rows were staged already. In the caller's transaction.

    The attempt's first file fixes the SHA-256; another one is dropped.
    """
    run = await lock_open_run(connection, event.run_id, event.attempt)
    if run is None or run.status not in {"fetching", "staging"}:
        return False
    fixed = await connection.fetchval(
        "SELECT sha256 FROM staging_sets WHERE run_id = $1 AND attempt = $2 AND chunks IS NOT NULL",
        event.run_id,
        event.attempt,
    )
    if fixed not in {None, event.file.sha256}:
        return False
    await connection.execute(
        "UPDATE staging_sets SET chunks = $2, text_bytes = $3, lines = $4 WHERE id = $1",
        set_id,
        event.chunks,
        event.file.text_bytes,
        event.file.lines,
    )
    await connection.execute(
        """UPDATE runs SET stored = $2, file_name = $3, file_bytes = $4, file_sha256 = $5, bytes = $4,
        bytes_total = $4, beat_at = $6 WHERE id = $1""",
        event.run_id,
        event.file.model_dump(),
        event.file.name,
        event.file.bytes,
        event.file.sha256,
        now,
    )
    await enter_step(connection, run.id, run.attempt, "staging", service=_SERVICE, now=now)
    return await _finish_if_complete(connection, set_id, event.run_id, event.attempt, now)


async def _copy(connection: Connection, set_id: int, event: RowsParsed) -> None:
    await connection.copy_records_to_table(
        "staged_rows",
        records=_staged(set_id, event),
        columns=("set_id", "line", "unique_id", "fields", "passwords", "kept"),
    )


def _staged(set_id: int, event: RowsParsed) -> Iterator[tuple[object, ...]]:
    try:
        table = unpack_rows(event.rows)
    except pa.ArrowInvalid as error:
        raise PermanentError("rows_unreadable", f"The rows of chunk {event.chunk} are no Arrow IPC stream.") from error
    if table.num_rows != event.good:
        raise PermanentError(
            "rows_unreadable", f"Chunk {event.chunk} came with {table.num_rows} rows, not {event.good}."
        )
    passwords = defaultdict(list)
    for password in event.passwords:
        passwords[password.line].append(password.model_dump())
    names = table.column_names[2:]
    columns = [column.to_pylist() for column in table.columns]
    for line, unique_id, *values in zip(*columns, strict=True):
        fields = {name: value for name, value in zip(names, values, strict=True) if value}
        kept = (
            [int(name) for name, value in zip(names, values, strict=True) if value is None] if None in values else None
        )
        yield set_id, line, unique_id, fields, passwords.get(line), kept


async def _count_in(connection: Connection, set_id: int, event: RowsParsed) -> None:
    if await connection.fetchval(_OVERLAP, set_id, event.chunk, event.first, event.count):
        raise _overlap(event)
    try:
        await connection.execute(
            """INSERT INTO staged_batches (set_id, chunk, first, count, is_last, chunk_bytes, good, rejected,
                first_line, lines, blank, header, skipped, fields, missing_columns)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)""",
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
    await connection.copy_records_to_table(
        "staged_warnings",
        records=(
            (set_id, row.line, row.unique_id, [problem.model_dump() for problem in row.problems])
            for row in event.warned
        ),
        columns=("set_id", "line", "unique_id", "problems"),
    )


async def _finish_if_complete(connection: Connection, set_id: int, run_id: UUID, attempt: int, now: datetime) -> bool:
    if not await connection.fetchval(_COMPLETE, set_id):
        return False
    return await enter_step(connection, run_id, attempt, "planning", service=_SERVICE, now=now)


class BatchNotWantedError(Exception):
    """The run ended, or was asked for again, while its batch was copied; this transaction must be rolled back."""


class BatchAlreadyStagedError(Exception):
    """The same batch was staged at the same moment by another process; this transaction must be rolled back."""


def _overlap(event: RowsParsed) -> PermanentError:
    return PermanentError(
        "batches_overlap",
        f"Chunk {event.chunk} came cut into batches in two different ways; the attempt ends.",
    )
