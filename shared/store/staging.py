"""What was staged for a run. Owner: syncer; the one end of a run clears it, whoever ends it."""

from uuid import UUID

from shared.postgres.database import Connection


async def clear_staging(connection: Connection, run_id: UUID) -> None:
    """Take away all that was staged for a run, and the passwords on their way."""
    await connection.execute(
        "DELETE FROM staged_rows WHERE set_id IN (SELECT id FROM staging_sets WHERE run_id = $1)", run_id
    )
    await connection.execute("DELETE FROM staging_sets WHERE run_id = $1", run_id)
    await connection.execute("UPDATE plan_passwords SET sealed = NULL, hash = NULL WHERE run_id = $1", run_id)
