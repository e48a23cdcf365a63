"""What was staged for a run. Owner: syncer; the one end of a run clears it, whoever ends it."""

from uuid import UUID

from shared.events.runs import FinalStatus
from shared.postgres.database import Connection

WAITING: tuple[FinalStatus, ...] = ("planned", "refused")
"""Ends of runs whose plan may still be approved."""


async def clear_staging(connection: Connection, run_id: UUID, status: FinalStatus) -> None:
    """Take away all that was staged for a run that ends so, and its sealed passwords where its plan waits for nobody.

    Tables of the run's sets are left to the syncer, which is told: dropping one waits for whoever still copies into it.
    """
    await connection.execute(
        "DELETE FROM staged_bytes WHERE set_id IN (SELECT id FROM staging_sets WHERE run_id = $1)", run_id
    )
    if await connection.execute("DELETE FROM staging_sets WHERE run_id = $1", run_id) != "DELETE 0":
        await connection.execute("SELECT pg_notify('staging_cleared', '')")
    if status not in WAITING:
        await connection.execute(
            "UPDATE plan_passwords SET sealed = NULL WHERE run_id = $1 AND sealed IS NOT NULL", run_id
        )
