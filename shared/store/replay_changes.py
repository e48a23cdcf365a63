"""Has `contacts.changed` said again, from a number or from a run's first change on; the syncer's feed is woken."""

from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection

_RUN = """
SELECT plan_change_number + 1 FROM runs WHERE id = $1 AND manager_id = $2 AND applied_at IS NOT NULL
"""


async def first_change_of(connection: Connection, manager_id: UUID, run_id: UUID) -> int:
    """Return the number of a run's first change; UserError `run_not_applied`."""
    first: int | None = await connection.fetchval(_RUN, run_id, manager_id)
    if first is None:
        raise UserError("run_not_applied", "No such run was applied to this contact manager.", field="run_id")
    return first


async def replay_changes(connection: Connection, manager_id: UUID, number: int) -> int:
    """Have a manager's changes said again from a number on; returns how many there are.

    One cursor stands for all of a manager's changes, so those after it are said again too.
    """
    last: int = await connection.fetchval("SELECT change_number FROM managers WHERE id = $1", manager_id)
    await connection.execute(
        "UPDATE change_feeds SET said_number = least(said_number, $2 - 1) WHERE manager_id = $1", manager_id, number
    )
    await connection.execute("SELECT pg_notify('contacts_changed', $1)", str(manager_id))
    return max(0, last - number + 1)
