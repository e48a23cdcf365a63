"""Writes down how many runs get on, in a few statements however many they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres.database import Connection

# A row that somebody holds is passed over: its run is at work, and beats again. Rows are locked in one order.
_BEAT = """
WITH beats AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[],
        $9::boolean[]) AS b (id, attempt, step, service, waited_ms, bytes, bytes_total, waits_for_turn)
), open AS (
    SELECT id, attempt, status FROM runs WHERE id = ANY ($1) AND status IN ('fetching', 'staging')
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE runs SET beat_at = clock_timestamp(), waited_ms = b.waited_ms,
    bytes = greatest(runs.bytes, coalesce(b.bytes, 0)),
    bytes_total = coalesce(b.bytes_total, runs.bytes_total), taken_up_at = coalesce(taken_up_at, $8),
    waits_for_turn = b.waits_for_turn,
    parsed_from = CASE WHEN b.step = 'staging' THEN coalesce(parsed_from, $8) ELSE parsed_from END,
    status = CASE WHEN b.step = 'staging' THEN 'staging' ELSE runs.status END
FROM beats b JOIN open o USING (id, attempt) WHERE runs.id = b.id
RETURNING runs.id, b.attempt, b.step, b.service, o.status <> runs.status AS moved
"""

_END_STEPS = "UPDATE run_steps SET finished_at = $2 WHERE run_id = ANY ($1) AND finished_at IS NULL"

_BEGIN_STEPS = """
INSERT INTO run_steps (run_id, attempt, step, service, started_at)
SELECT id, attempt, step, service, $5 FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
    AS m (id, attempt, step, service) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Note:
    """How far a run's attempt has come, by what was heard last; None: nothing was said of it."""

    run_id: UUID
    attempt: int
    step: str
    service: str
    waited_ms: int
    bytes: int | None
    bytes_total: int | None
    waits_for_turn: bool


async def write_notes(connection: Connection, notes: Sequence[Note], now: datetime) -> None:
    """Write down beats of different attempts, of which current ones count, and tell those who watch the runs."""
    rows = await connection.fetch(
        _BEAT,
        [note.run_id for note in notes],
        [note.attempt for note in notes],
        [note.step for note in notes],
        [note.service for note in notes],
        [note.waited_ms for note in notes],
        [note.bytes for note in notes],
        [note.bytes_total for note in notes],
        now,
        [note.waits_for_turn for note in notes],
    )
    moved = [row for row in rows if row["moved"]]
    if moved:
        ids = [row["id"] for row in moved]
        await connection.execute(_END_STEPS, ids, now)
        columns = ([row[name] for row in moved] for name in ("attempt", "step", "service"))
        await connection.execute(_BEGIN_STEPS, ids, *columns, now)
    if rows:
        await connection.execute(
            "SELECT pg_notify('run_changed', id::text) FROM unnest($1::uuid[]) AS r (id)", [row["id"] for row in rows]
        )
