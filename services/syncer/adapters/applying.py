"""Applies a stored plan to the contacts, in the caller's transaction, which holds the manager's row lock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.errors import PermanentError, TransientError
from shared.events.runs import RunCounts
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

_LARGE = 5_000
"""From so many changes on a nested loop is never right, and it is what stale statistics of a table that has just grown
would choose."""


@dataclass(frozen=True)
class LockedManager:
    """A manager while its row is locked."""

    id: UUID
    key_field: int | None
    change_number: int
    contacts: int


async def lock_manager(connection: Connection, manager_id: UUID) -> LockedManager:
    """Lock a manager's row until the transaction ends, waiting for whoever holds it."""
    row = await connection.fetchrow(
        "SELECT id, key_field, change_number, contact_count AS contacts FROM managers WHERE id = $1 FOR NO KEY UPDATE",
        manager_id,
    )
    if row is None:
        raise PermanentError("manager_missing", "The contact manager was deleted while the run was under way.")
    return LockedManager(**dict(row))


async def apply_plan(
    connection: Connection, run: OpenRun, manager: LockedManager, counts: RunCounts, now: datetime
) -> int:
    """Write what the plan says; returns how many contacts the manager has then.

    Each change gets the next number of the manager, in the plan's order. TransientError `plan_outdated` where the
    contacts are not as the plan found them, which the manager's lock should have made impossible.
    """
    base = manager.change_number
    if counts.added + counts.updated + counts.deleted > _LARGE:
        await connection.execute("SET LOCAL enable_nestloop = off")
    done = {
        "deleted": await connection.execute(
            """DELETE FROM contacts c USING plan_changes p WHERE p.run_id = $1 AND p.change = 'deleted'
            AND c.manager_id = $2 AND c.unique_id = p.unique_id""",
            run.id,
            manager.id,
        ),
        "updated": await connection.execute(
            """UPDATE contacts c SET fields = p.after, change_number = $3 + p.ordinal, updated_at = $4, last_run_id = $1
            FROM plan_changes p WHERE p.run_id = $1 AND p.change = 'updated' AND c.manager_id = $2
            AND c.unique_id = p.unique_id""",
            run.id,
            manager.id,
            base,
            now,
        ),
        "added": await connection.execute(
            """INSERT INTO contacts (manager_id, unique_id, fields, change_number, updated_at, last_run_id)
            SELECT $2, unique_id, after, $3 + ordinal, $4, $1 FROM plan_changes
            WHERE run_id = $1 AND change = 'added' ORDER BY unique_id""",
            run.id,
            manager.id,
            base,
            now,
        ),
    }
    planned = {"deleted": counts.deleted, "updated": counts.updated, "added": counts.added}
    for change, answer in done.items():
        if int(answer.rpartition(" ")[2]) != planned[change]:
            raise TransientError("plan_outdated", f"The contacts to be {change} are not as planned.")
    await _write_passwords(connection, run.id, manager.id)
    contacts: int = await connection.fetchval(
        """UPDATE managers SET change_number = $2,
        contact_count = (SELECT count(*) FROM contacts WHERE manager_id = $1),
        key_field = $3 WHERE id = $1 RETURNING contact_count""",
        manager.id,
        base + counts.deleted + counts.updated + counts.added,
        run.setup.unique_id.field,
    )
    return contacts


async def _write_passwords(connection: Connection, run_id: UUID, manager_id: UUID) -> None:
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM plan_passwords WHERE run_id = $1 AND hash IS NULL)", run_id
    ):
        raise TransientError("passwords_not_hashed", "Not all of the run's passwords have been hashed yet.")
    await connection.execute(
        """INSERT INTO contact_passwords (manager_id, unique_id, field, hash, fingerprint)
        SELECT $2, unique_id, field, hash, fingerprint FROM plan_passwords WHERE run_id = $1
        ON CONFLICT (manager_id, unique_id, field)
        DO UPDATE SET hash = excluded.hash, fingerprint = excluded.fingerprint""",
        run_id,
        manager_id,
    )
