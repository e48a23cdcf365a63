"""The changes of a plan, from the relations `incoming`, `differing` and `rejected_ids`."""

from typing import Final

from services.syncer.adapters.applying import LockedManager
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

CHANGES: Final = """
INSERT INTO plan_changes (run_id, manager_id, ordinal, number, change, unique_id, line, before, after, row_hash, kept)
SELECT $1, $2, place, $6 + place, change, unique_id, line, before, after, row_hash, kept FROM (
    SELECT *, row_number() OVER (ORDER BY line, unique_id) AS place FROM (
        SELECT 'updated' AS change, c.unique_id, i.line, c.fields AS before, n.after, i.row_hash, i.kept
        FROM incoming i JOIN contacts c ON c.manager_id = $2 AND c.unique_id = i.unique_id, LATERAL (
            SELECT (c.fields - CASE WHEN i.kept IS NULL THEN $3::text[]
                ELSE ARRAY(SELECT unnest($3::text[]) EXCEPT SELECT unnest(i.kept)::text) END) || i.fields AS after) n
        WHERE $4 AND (n.after <> c.fields {or_fingerprint_differs})
        UNION ALL
        SELECT 'added', i.unique_id, i.line, NULL, i.fields, i.row_hash, i.kept
        FROM incoming i JOIN differing d ON d.line = i.line AND d.contact_id IS NULL
        UNION ALL
        SELECT 'deleted', c.unique_id, NULL, c.fields, NULL, NULL, NULL
        FROM differing d JOIN contacts c ON c.manager_id = $2 AND c.unique_id = d.contact_id
        WHERE $5 AND d.row_id IS NULL AND NOT EXISTS (SELECT FROM rejected_ids r WHERE r.unique_id = c.unique_id)
    ) AS changes) AS placed
"""

_OR_FINGERPRINT_DIFFERS = """
OR EXISTS (SELECT FROM incoming_passwords p LEFT JOIN contact_passwords k
    ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
    WHERE p.line = i.line AND k.fingerprint IS DISTINCT FROM p.fingerprint)
"""


async def store_changes(
    connection: Connection, run: OpenRun, manager: LockedManager, fields: list[int], *, delete: bool
) -> None:
    """Store what becomes of the contacts; `fields`: those that the file fills, `delete`: whether those not found go."""
    sql = CHANGES.format(or_fingerprint_differs=_OR_FINGERPRINT_DIFFERS if run.setup.has_passwords() else "")
    mapped = [str(number) for number in fields]
    update = run.setup.options.update_existing
    await connection.execute(sql, run.id, run.manager_id, mapped, update, delete, manager.change_number)
