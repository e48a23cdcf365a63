"""What became of the runs of an import before one of them."""

from shared.events.runs import ImportFinished
from shared.postgres.database import Connection

# Ids of runs are in the order of time. What is undone, or only looked at, says nothing of whether the import works.
_FAILURES = """
SELECT count(*) FROM runs r
WHERE r.import_id = $1 AND r.id < $2 AND NOT r.dry_run AND r.trigger <> 'undo' AND r.status IN ('failed', 'refused')
    AND r.id > coalesce((SELECT g.id FROM runs g WHERE g.import_id = $1 AND g.id < $2 AND NOT g.dry_run
        AND g.trigger <> 'undo' AND g.status IN ('succeeded', 'succeeded_with_errors', 'unchanged')
        ORDER BY g.id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000')
"""


async def failures_before(connection: Connection, event: ImportFinished) -> int:
    """Return how many runs right before this one failed or were refused."""
    return int(await connection.fetchval(_FAILURES, event.import_id, event.run_id))
