"""Finds contacts in a run's plan: by the beginning of their unique ids, and in a plan that is small by any value."""

import re
from operator import itemgetter
from typing import Final
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.run_details import STORED_COLUMNS, ChangeKind, PlanChange, plan_change
from shared.store.set_ups import RunSetup

MOST_READ: Final = 20_000
"""Changes of a plan up to which all values are searched: a page has to be there at once."""
_LAST_CHARACTER: Final = "\U0010ffff"

# Of a first load each contact is the log of its own addition: among how many it is looked for then.
_SIZE = """
SELECT (SELECT count(*) FROM (SELECT FROM plan_changes WHERE run_id = r.id LIMIT $2) AS first)
    + CASE WHEN r.is_first_load AND r.applied_at IS NOT NULL THEN m.contact_count ELSE 0 END
FROM runs r JOIN managers m ON m.id = r.manager_id WHERE r.id = $1
"""

# $2: the beginning of the unique id, $3: where ids with it end, $4: a pattern for values, null: only ids.
_STORED = f"""
SELECT {STORED_COLUMNS}
FROM (
    (SELECT * FROM plan_changes
    WHERE manager_id = $7 AND unique_id >= $2 AND unique_id < $3 AND run_id = $1 AND ($5::text IS NULL OR change = $5)
    ORDER BY unique_id LIMIT $6)
    UNION ALL
    (SELECT p.* FROM plan_changes p WHERE $4::text IS NOT NULL AND run_id = $1 AND ($5::text IS NULL OR change = $5)
        AND NOT (unique_id >= $2 AND unique_id < $3) AND EXISTS (
        SELECT FROM (SELECT value FROM jsonb_each_text(p.before) UNION ALL SELECT value FROM jsonb_each_text(p.after)) v
        WHERE v.value ILIKE $4) ORDER BY ordinal LIMIT $6)
) AS c
"""

_OWN_LOG = """
SELECT c.change_number - r.plan_change_number AS ordinal, 'added' AS change, c.unique_id, c.log_line AS line,
    NULL AS before, c.fields AS after, ARRAY(
    SELECT p.field FROM plan_passwords p WHERE p.run_id = $1 AND p.unique_id = c.unique_id
    ORDER BY p.field) AS passwords
FROM runs r, (
    (SELECT * FROM contacts WHERE manager_id = $6 AND unique_id >= $2 AND unique_id < $3
        AND last_run_id = $1 AND log_line IS NOT NULL ORDER BY unique_id LIMIT $5)
    UNION ALL
    (SELECT o.* FROM contacts o WHERE $4::text IS NOT NULL AND manager_id = $6 AND last_run_id = $1
        AND log_line IS NOT NULL AND NOT (unique_id >= $2 AND unique_id < $3) AND EXISTS (
        SELECT FROM jsonb_each_text(o.fields) v WHERE v.value ILIKE $4) ORDER BY change_number LIMIT $5)
) AS c WHERE r.id = $1
"""


async def are_values_searched(connection: Connection, run_id: UUID) -> bool:
    """Tell whether a run's plan is small enough for all its values to be searched."""
    size = await connection.fetchval(_SIZE, run_id, MOST_READ + 1)
    return size is not None and size <= MOST_READ


async def find_changes(
    connection: Connection, run_id: UUID, text: str, *, by_value: bool, kind: ChangeKind | None, limit: int
) -> list[PlanChange]:
    """Return changes of a run's plan that a text finds, those found in its order; UserError `run_not_found`.

    `by_value`: also by any value, as `are_values_searched` allows it.
    """
    run = await connection.fetchrow(
        "SELECT manager_id, setup, is_first_load AND applied_at IS NOT NULL AS is_own_log FROM runs WHERE id = $1",
        run_id,
    )
    if run is None:
        raise UserError("run_not_found", "There is no such run.")
    names = RunSetup.model_validate(run["setup"])
    found = [run_id, text, text + _LAST_CHARACTER * 8, _pattern(text) if by_value else None]
    rows = await connection.fetch(_STORED, *found, kind, limit, run["manager_id"])
    if run["is_own_log"] and kind in {None, "added"}:
        rows += await connection.fetch(_OWN_LOG, *found, limit, run["manager_id"])
    rows = sorted(rows, key=itemgetter("ordinal"))[:limit]
    return [plan_change(names, dict(row)) for row in rows]


def _pattern(text: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", text)
    return f"%{escaped}%"
