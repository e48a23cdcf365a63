"""Staging sets: by run, attempt and SHA-256; complete when the batches of each of the file's chunks tile it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.syncer.adapters.staging_tables import make_tables
from shared.events.base import RunEvent
from shared.events.files import FileFetched
from shared.events.rows import RowsParsed
from shared.postgres.database import Connection
from shared.store.imports import pin_host_key
from shared.store.runs import enter_step, lock_open_run

SERVICE = "syncer"

_FIND_SET = """
SELECT r.status IN ('fetching', 'staging') AS is_current, s.id, s.is_wide, s.has_tables
FROM runs r LEFT JOIN staging_sets s ON s.run_id = r.id AND s.attempt = r.attempt AND s.sha256 = $3
WHERE r.id = $1 AND r.attempt = $2
"""

# Where every row is a new contact, its values are staged too: they need not be unpacked again. What a crash takes from
# the log of this it takes from the unlogged tables too, so nothing waits for the disk.
_MAKE_SET = """
INSERT INTO staging_sets (run_id, attempt, sha256, is_wide)
SELECT r.id, r.attempt, $3, m.contact_count = 0 OR (r.setup -> 'unique_id' ->> 'generate')::boolean
FROM runs r JOIN managers m ON m.id = r.manager_id, set_config('synchronous_commit', 'off', true)
WHERE r.id = $1 AND r.attempt = $2
ON CONFLICT (run_id, attempt, sha256) DO NOTHING RETURNING true AS is_current, id, is_wide, has_tables
"""

_FIX_FILE = """
UPDATE staging_sets SET chunks = $2, text_bytes = $3, lines = $4 WHERE id = $1 AND NOT EXISTS (
    SELECT FROM staging_sets o WHERE o.run_id = $5 AND o.attempt = $6 AND o.chunks IS NOT NULL AND o.id <> $1)
RETURNING set_config('synchronous_commit', 'off', true) IS NOT NULL
"""

_COMPLETE = """
SELECT s.chunks IS NOT NULL
    AND (SELECT count(*) FILTER (WHERE is_last) FROM staged_batches WHERE set_id = s.id) = s.chunks
    AND (SELECT bool_and(tiled) FROM (
            SELECT sum(count) = max(first + count) FILTER (WHERE is_last) AS tiled
            FROM staged_batches WHERE set_id = s.id GROUP BY chunk) AS chunk_tiles)
FROM staging_sets s WHERE s.id = $1
"""


@dataclass(frozen=True)
class StagingSet:
    """Where an attempt's rows are staged."""

    id: int
    is_wide: bool
    has_tables: bool


async def ensure_set(connection: Connection, event: RowsParsed | FileFetched) -> StagingSet | None:
    """Return the event's staging set, made where it is missing; None where the event is not current.

    Call it outside a transaction: a set that is made and not yet committed would make others wait while they hold the
    run's row.
    """
    sha256 = event.sha256 if isinstance(event, RowsParsed) else event.file.sha256
    key = event.run_id, event.attempt, sha256
    found = await connection.fetchrow(_FIND_SET, *key)
    while found is not None and found["is_current"] and found["id"] is None:
        made = await connection.fetchrow(_MAKE_SET, *key)
        found = made or await connection.fetchrow(_FIND_SET, *key)
    if found is None:
        return None
    if not found["is_current"]:
        if found["id"] is not None:
            await drop_set_of_ended_run(connection, found["id"])
        return None
    staging_set = StagingSet(found["id"], found["is_wide"], found["has_tables"])
    is_first = isinstance(event, FileFetched) or (event.chunk == 0 and event.first == 0)
    if is_first or staging_set.has_tables:
        return staging_set
    await make_tables(connection, staging_set.id)
    return replace(staging_set, has_tables=True)


async def drop_set_of_ended_run(connection: Connection, set_id: int) -> None:
    """Take a set away that was made just as its run ended; its end has cleared all the others."""
    await connection.execute(
        "DELETE FROM staging_sets s USING runs r WHERE s.id = $1 AND r.id = s.run_id AND r.finished_at IS NOT NULL",
        set_id,
    )


async def note_file(connection: Connection, set_id: int, event: FileFetched, now: datetime) -> bool:
    """Note what the attempt's file is; true when all its rows were staged already. In the caller's transaction.

    The first key that an SFTP server showed is kept here, so that no later run of the import can meet another one
    unnoticed: this one changes no contact before its file is noted.

    The attempt's first file fixes the SHA-256; another one is dropped.
    """
    run = await lock_open_run(connection, event.run_id, event.attempt)
    if run is None or run.status not in {"fetching", "staging"}:
        return False
    fixed = await connection.fetchval(
        _FIX_FILE, set_id, event.chunks, event.file.text_bytes, event.file.lines, event.run_id, event.attempt
    )
    if not fixed:
        return False
    if event.host_key:
        await pin_host_key(connection, event.import_id, event.host_key)
    await connection.execute(
        """UPDATE runs SET stored = $2, file_name = $3, file_bytes = $4, file_sha256 = $5, bytes = $4,
        bytes_total = $4, beat_at = clock_timestamp(), waited_ms = $6 WHERE id = $1""",
        event.run_id,
        event.file.model_dump(),
        event.file.name,
        event.file.bytes,
        event.file.sha256,
        waited_ms(event, now),
    )
    await enter_step(connection, run.id, run.attempt, "staging", service=SERVICE, now=now)
    return await finish_if_complete(connection, set_id, event.run_id, event.attempt, now)


async def finish_if_complete(connection: Connection, set_id: int, run_id: UUID, attempt: int, now: datetime) -> bool:
    """Move a run whose rows are all staged on to planning; tells whether it did."""
    if not await connection.fetchval(_COMPLETE, set_id):
        return False
    return await enter_step(connection, run_id, attempt, "planning", service=SERVICE, now=now)


def waited_ms(event: RunEvent, now: datetime) -> int:
    """Return how long an event had waited before it was taken up: in a crowd, others behind it will as well."""
    return max(0, round((now - event.occurred_at).total_seconds() * 1000))
