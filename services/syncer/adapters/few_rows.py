"""Plans a file of few rows in one statement: no table is filled, and emptied again, for a hundred of them."""

import pyarrow.compute as pc

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.changes import CHANGES
from services.syncer.adapters.comparing import DIFFERING, REJECTED_IDS
from services.syncer.adapters.incoming_rows import incoming_table
from services.syncer.adapters.staged_set import StagedSet, batches_of
from services.syncer.domain.batch import Batch
from shared.events.row_table import UNIQUE_ID
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

# The relations have the names of the temporary tables, which they stand before.
_PLAN = f"""
WITH given AS MATERIALIZED (
    SELECT line, unique_id COLLATE "C" AS unique_id, row_hash, fields::jsonb AS fields, kept::integer[] AS kept
    FROM unnest($7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[])
        AS r (line, unique_id, row_hash, fields, kept)
), differing AS MATERIALIZED (
    {DIFFERING.format(rows="given", manager="$2", scheme="$12")}
), rejected_ids AS MATERIALIZED (
    {REJECTED_IDS.format(set_id="$13")}
), incoming AS MATERIALIZED (
    SELECT g.* FROM given g JOIN differing d USING (line) WHERE $4 OR d.contact_id IS NULL
), planned AS (
    {CHANGES.format(or_fingerprint_differs="")} RETURNING change
)
SELECT (SELECT count(*) FROM differing WHERE row_id IS NULL) AS missing,
    (SELECT count(*) FROM differing d JOIN rejected_ids r ON r.unique_id = d.contact_id WHERE d.row_id IS NULL)
        AS missing_but_rejected,
    count(*) FILTER (WHERE change = 'added') AS added, count(*) FILTER (WHERE change = 'updated') AS updated,
    count(*) FILTER (WHERE change = 'deleted') AS deleted
FROM planned
"""


async def few_rows(connection: Connection, run: OpenRun, staged: StagedSet) -> Batch | None:
    """Return the rows of a file that is one batch, without passwords, and names each contact once; None of another."""
    if staged.has_tables or run.setup.unique_id.generate or run.setup.has_passwords():
        return None
    batches = [batch async for batch in batches_of(connection, staged)]
    if len(batches) != 1 or batches[0].rows.num_rows != staged.good:
        return None
    distinct: int = pc.count_distinct(batches[0].rows.column(UNIQUE_ID)).as_py()
    return batches[0] if distinct == staged.good else None


async def plan_few_rows(
    connection: Connection,
    run: OpenRun,
    manager: LockedManager,
    staged: StagedSet,
    batch: Batch,
    scheme: int,
    *,
    delete: bool,
) -> tuple[int, dict[str, int]]:
    """Store what becomes of the contacts; returns how many of them are in the file, and how many change in which way.

    `delete`: those not found go.
    """
    incoming = incoming_table(batch).to_pydict()
    row = await connection.fetchrow(
        _PLAN,
        run.id,
        run.manager_id,
        [str(number) for number in staged.fields],
        run.setup.options.update_existing,
        delete,
        manager.change_number,
        *(incoming[name] for name in ("line", "unique_id", "row_hash", "fields", "kept")),
        scheme,
        staged.id,
    )
    assert row is not None
    found: int = manager.contacts - row["missing"] + row["missing_but_rejected"]
    return found, {change: row[change] for change in ("added", "updated", "deleted")}
