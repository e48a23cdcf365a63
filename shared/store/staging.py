"""What was staged for a run. Owner: syncer; the one end of a run clears it, whoever ends it."""

from uuid import UUID

from shared.events.runs import FinalStatus
from shared.postgres.database import Connection

WAITING: tuple[FinalStatus, ...] = ("planned", "refused")
"""Ends of runs whose plan may still be approved."""

_CLEAR = """
WITH sets AS (
    DELETE FROM staging_sets WHERE run_id = $1 RETURNING id, has_tables
), bytes AS (
    DELETE FROM staged_bytes WHERE set_id IN (SELECT id FROM staging_sets WHERE run_id = $1)
), passwords AS (
    UPDATE plan_passwords SET sealed = NULL WHERE run_id = $1 AND sealed IS NOT NULL AND $2
), ended AS (
    SELECT import_id, number, trigger, undoes, applied_at FROM runs WHERE id = $1
), void AS (
    SELECT o.id FROM ended e JOIN runs o ON o.import_id = e.import_id AND o.number < e.number
    WHERE o.status IN ('planned', 'refused') AND e.undoes IS NULL
        AND CASE e.trigger WHEN 'approve' THEN e.applied_at IS NOT NULL ELSE $3 END
), void_passwords AS (
    UPDATE plan_passwords SET sealed = NULL WHERE run_id IN (SELECT id FROM void) AND sealed IS NOT NULL
)
SELECT pg_notify('staging_cleared', '') FROM sets WHERE has_tables LIMIT 1
"""


async def clear_staging(connection: Connection, run_id: UUID, status: FinalStatus) -> None:
    """Take away all that was staged for a run that ends so, and sealed passwords of plans that wait for nobody.

    Those are its own, unless it waits, and those of plans that its end makes void.

    Tables of the run's sets are left to the syncer, which is told: dropping one waits for whoever still copies into it.
    """
    await connection.execute(_CLEAR, run_id, status not in WAITING, status not in {"failed", "cancelled"})


async def clear_passwords_of_import(connection: Connection, import_id: UUID) -> None:
    """Take away the sealed passwords of all plans of an import: none is applied any more."""
    await connection.execute(
        """UPDATE plan_passwords SET sealed = NULL WHERE sealed IS NOT NULL AND run_id IN (
            SELECT id FROM runs WHERE import_id = $1 AND status IN ('planned', 'refused'))""",
        import_id,
    )
