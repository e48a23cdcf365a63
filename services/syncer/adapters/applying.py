"""Applies a stored plan to the contacts, in the caller's transaction, which holds the manager's row lock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.syncer.adapters.large_runs import (
    LARGE,
    count_in_parallel,
    plan_for_changes,
    plan_for_count,
    plan_for_size,
)
from shared.errors import PermanentError, TransientError
from shared.events.runs import RunCounts
from shared.postgres.database import Connection
from shared.store.change_log import TAKE_OVER
from shared.store.runs import OpenRun

# In a pass of its own: only from Postgres 18 on can an update return what stood there before it.
_TAKE_OVER_UPDATED = TAKE_OVER.format(
    whose="""(SELECT c.* FROM contacts c JOIN plan_changes p ON p.unique_id = c.unique_id
        WHERE p.run_id = $1 AND p.change = 'updated' AND c.manager_id = $2 AND c.log_line IS NOT NULL)"""
)

# Deleted and taken over in the same pass, since a large run's contacts are too many to be read twice.
_DELETE = f"""
WITH deleted AS (DELETE FROM contacts c USING plan_changes p
    WHERE p.run_id = $1 AND p.change = 'deleted' AND c.manager_id = $2 AND c.unique_id = p.unique_id
    RETURNING c.manager_id, c.unique_id, c.last_run_id, c.change_number, c.log_line, c.row_hash,
        CASE WHEN c.log_line IS NOT NULL THEN c.fields END AS fields),
taken_over AS ({TAKE_OVER.format(whose="(SELECT * FROM deleted WHERE log_line IS NOT NULL)")})
SELECT count(*) FROM deleted
"""

_UPDATE = """
UPDATE contacts c SET fields = p.after, change_number = p.number, updated_at = $3, last_run_id = $1,
    row_hash = p.row_hash, row_scheme = $4, log_line = NULL
FROM plan_changes p
WHERE p.run_id = $1 AND p.change = 'updated' AND c.manager_id = $2 AND c.unique_id = p.unique_id
"""

_INSERT = """
INSERT INTO contacts (manager_id, unique_id, fields, change_number, updated_at, last_run_id, row_hash, row_scheme)
SELECT $2, unique_id, after, number, $3, $1, row_hash, $4 FROM plan_changes
WHERE run_id = $1 AND change = 'added' ORDER BY unique_id
"""

_INSERT_ALL = """
INSERT INTO contacts
    (manager_id, unique_id, fields, change_number, updated_at, last_run_id, row_hash, row_scheme, log_line)
SELECT $2, unique_id, fields, $5 + row_number() OVER (ORDER BY unique_id), $3, $1, row_hash, $4, line
FROM {rows} ORDER BY unique_id
"""

_SET_PASSWORDS = """
INSERT INTO contact_passwords (manager_id, unique_id, field, hash, fingerprint)
SELECT $2, unique_id, field, hash, fingerprint FROM plan_passwords WHERE run_id = $1 AND fingerprint IS NOT NULL
ON CONFLICT (manager_id, unique_id, field) DO UPDATE SET hash = excluded.hash, fingerprint = excluded.fingerprint
"""

_TAKE_PASSWORDS_OUT = """
DELETE FROM contact_passwords k USING plan_passwords p
WHERE p.run_id = $1 AND p.fingerprint IS NULL AND k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
"""


@dataclass(frozen=True)
class LockedManager:
    """A manager while its row is locked."""

    id: UUID
    key_field: int | None
    change_number: int
    contacts: int


async def lock_manager(connection: Connection, run_id: UUID) -> LockedManager:
    """Lock the row of a run's manager until the transaction ends, waiting for whoever holds it."""
    row = await connection.fetchrow(
        """SELECT id, key_field, change_number, contact_count AS contacts FROM managers
        WHERE id = (SELECT manager_id FROM runs WHERE id = $1) FOR NO KEY UPDATE""",
        run_id,
    )
    if row is None:
        raise PermanentError("manager_missing", "The contact manager was deleted while the run was under way.")
    return LockedManager(**dict(row))


async def apply_plan(
    connection: Connection,
    run: OpenRun,
    manager: LockedManager,
    counts: RunCounts,
    *,
    row_scheme: int | None,
    first_load: str | None,
    now: datetime,
) -> int:
    """Write what the plan says; returns how many contacts the manager has then.

    Each change gets the next number of the manager, in the plan's order; those of a `first_load`, whose rows are all
    of the relation named, in the order of unique ids. TransientError `plan_outdated` where the contacts are not as the
    plan found them, which the manager's lock should have made impossible.
    """
    await _prepare(connection, manager, counts)
    key = run.id, manager.id
    done = {"deleted": 0, "updated": 0, "added": 0}
    if first_load is not None:
        insert = _INSERT_ALL.format(rows=first_load)
        added = await connection.execute(insert, *key, now, row_scheme, manager.change_number)
        done["added"] = _written(added)
    else:
        if counts.deleted:
            done["deleted"] = await connection.fetchval(_DELETE, *key)
        if counts.updated:
            await connection.execute(_TAKE_OVER_UPDATED, *key)
            done["updated"] = _written(await connection.execute(_UPDATE, *key, now, row_scheme))
        if counts.added:
            done["added"] = _written(await connection.execute(_INSERT, *key, now, row_scheme))
    planned = {"deleted": counts.deleted, "updated": counts.updated, "added": counts.added}
    for change, count in done.items():
        if count != planned[change]:
            raise TransientError("plan_outdated", f"The contacts to be {change} are not as planned.")
    await _write_passwords(connection, *key)
    await connection.execute("UPDATE runs SET applied_at = $2 WHERE id = $1", run.id, now)
    changes = counts.deleted + counts.updated + counts.added
    contacts = await _counted(connection, manager, changes)
    await connection.execute(
        "UPDATE managers SET change_number = $2, contact_count = $3, key_field = $4 WHERE id = $1",
        manager.id,
        manager.change_number + changes,
        contacts,
        run.setup.unique_id.field,
    )
    if changes:
        await connection.execute("SELECT pg_notify('contacts_changed', $1)", str(manager.id))
    return contacts


def _written(answer: str) -> int:
    return int(answer.rpartition(" ")[2])


async def _prepare(connection: Connection, manager: LockedManager, counts: RunCounts) -> None:
    """Keep the planner from a way that is right for a table's old size only."""
    changes = counts.deleted + counts.updated + counts.added
    await plan_for_size(connection, max(changes, manager.contacts))
    if changes > LARGE:
        await plan_for_changes(connection, changes, manager.contacts)


async def _counted(connection: Connection, manager: LockedManager, changes: int) -> int:
    """Return how many contacts there are, counted anew."""
    if manager.contacts + changes > LARGE:
        await plan_for_count(connection)
    return await count_in_parallel(connection, "SELECT count(*) FROM contacts WHERE manager_id = $1", manager.id)


async def _write_passwords(connection: Connection, run_id: UUID, manager_id: UUID) -> None:
    hashed = await connection.fetchval(
        """SELECT bool_and(fingerprint IS NULL OR hash IS NOT NULL) FROM plan_passwords WHERE run_id = $1""", run_id
    )
    if hashed is None:
        return
    if not hashed:
        raise TransientError("passwords_not_hashed", "Not all of the run's passwords have been hashed yet.")
    await connection.execute(_SET_PASSWORDS, run_id, manager_id)
    await connection.execute(_TAKE_PASSWORDS_OUT, run_id, manager_id)
