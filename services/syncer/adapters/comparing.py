"""Compares a run's rows with the manager's contacts, by key and row hash: which side has what, and what differs.

It fills the temporary tables `rejected_ids`, `differing` and `incoming`, in the caller's transaction.
"""

from typing import Final

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.incoming_rows import take_staged, unpack_incoming
from services.syncer.adapters.large_runs import plan_for_changes
from services.syncer.adapters.staged_set import StagedRows, StagedSet
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

REJECTED_IDS: Final = """
SELECT DISTINCT unique_id FROM staged_rejections WHERE set_id = {set_id} AND unique_id IS NOT NULL
"""

DIFFERING: Final = """
SELECT c.unique_id AS contact_id, s.unique_id AS row_id, s.line
FROM (SELECT unique_id, row_hash, row_scheme FROM contacts WHERE manager_id = {manager}) c
    FULL JOIN {rows} s ON s.unique_id = c.unique_id
WHERE c.unique_id IS NULL OR s.unique_id IS NULL
    OR c.row_scheme IS DISTINCT FROM {scheme} OR (c.row_hash = s.row_hash) IS NOT TRUE
"""
"""A row that keeps a stored value has no hash, and is compared by its values whatever is stored."""

_FEW = "INSERT INTO differing {differing}"
# A query can run in parallel only where it fills a new table.
_MANY = "CREATE TEMP TABLE differing ON COMMIT DROP AS {differing}"

_SIDES = """
SELECT count(*) AS differing, count(*) FILTER (WHERE row_id IS NULL) AS missing,
    count(*) FILTER (WHERE row_id IS NULL AND EXISTS (
        SELECT FROM rejected_ids r WHERE r.unique_id = contact_id)) AS missing_but_rejected
FROM differing
"""


async def compare_rows(
    connection: Connection,
    run: OpenRun,
    manager: LockedManager,
    staged: StagedSet,
    rows: StagedRows,
    scheme: int,
    *,
    is_large: bool,
) -> int:
    """Make `differing` and fill `incoming` with the rows in it; returns how many contacts are in the file."""
    if staged.rejected:
        await connection.execute("INSERT INTO rejected_ids" + REJECTED_IDS.format(set_id="$1"), staged.id)
    differing = DIFFERING.format(rows=rows.name, manager="$1", scheme="$2")
    if is_large:
        await connection.execute("ANALYZE rejected_ids; DROP TABLE differing")
        await connection.execute(_MANY.format(differing=differing), run.manager_id, scheme)
        await connection.execute("ANALYZE differing")
    else:
        await connection.execute(_FEW.format(differing=differing), run.manager_id, scheme)
    sides = await connection.fetchrow(_SIDES)
    assert sides is not None
    if is_large:
        await plan_for_changes(connection, sides["differing"], manager.contacts)
    wanted, has_passwords = "differing", run.setup.has_passwords()
    if not run.setup.options.update_existing:
        wanted = "added_lines"
        await connection.execute("INSERT INTO added_lines SELECT line FROM differing WHERE contact_id IS NULL")
    if staged.is_wide and (manager.contacts == 0 or run.setup.unique_id.generate):
        await take_staged(connection, staged, rows.name, wanted, has_passwords=has_passwords)
    else:
        await unpack_incoming(connection, staged, wanted)
    if is_large:
        await connection.execute(
            "ANALYZE incoming (line, unique_id)" + ("; ANALYZE incoming_passwords" if has_passwords else "")
        )
    found: int = manager.contacts - sides["missing"] + sides["missing_but_rejected"]
    return found
