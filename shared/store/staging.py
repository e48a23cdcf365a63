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
)
SELECT pg_notify('staging_cleared', '') FROM sets WHERE has_tables LIMIT 1
"""


async def clear_staging(connection: Connection, run_id: UUID, status: FinalStatus) -> None:
    """Take away all that was staged for a run that ends so, and its sealed passwords where its plan waits for nobody.

    Tables of the run's sets are left to the syncer, which is told: dropping one waits for whoever still copies into it.
    """
    await connection.execute(_CLEAR, run_id, status not in WAITING)
