"""Plans the undo of an applied run: its inverse, field by field, as far as nobody has changed anything since.

A field goes back only if it still holds what the run wrote; an added contact goes if it is as it was added; a deleted
one returns unless its id exists again. All goes by values, so that runs can be undone one after the other, the newest
first; a password set to what it was, and so with another hash, is told by its fingerprint. What is kept is listed with
the run.
"""

import asyncio
from typing import Final

import asyncpg

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.large_runs import plan_for_all, plan_for_size
from services.syncer.adapters.plan_store import Plan, clear_plan, count_changes
from services.syncer.domain.verdict import Verdict
from shared.errors import UserError
from shared.events.runs import RunCounts, RunNote
from shared.postgres.database import Connection
from shared.rules.problems import describe_problem
from shared.store.problems import Problem, write_problems
from shared.store.runs import OpenRun

_PAGE: Final = 5_000

# The run's changes, those of a first load read from its contacts, beside what became of each since. A contact of a
# first load that is no longer its own log has changed since, and stands in the log.
_STANDING = """
CREATE TEMP TABLE standing ON COMMIT DROP AS
SELECT l.number, l.change, l.unique_id, l.before, l.after, c.fields AS now, c.unique_id IS NOT NULL AS is_there,
    c.change_number > $3 AS has_changed,
    c.fields = l.after AND NOT EXISTS (
        SELECT FROM (
            SELECT field, hash, fingerprint FROM contact_passwords k
            WHERE k.manager_id = $2 AND k.unique_id = l.unique_id) k
        FULL JOIN (SELECT field, hash, fingerprint FROM plan_passwords p
            WHERE p.run_id = $1 AND p.unique_id = l.unique_id AND p.fingerprint IS NOT NULL) p USING (field)
        WHERE k.hash IS DISTINCT FROM p.hash AND k.fingerprint IS DISTINCT FROM p.fingerprint) AS is_untouched
FROM (
    SELECT number, change, unique_id, before, after FROM plan_changes WHERE run_id = $1
    UNION ALL
    SELECT change_number, 'added', unique_id, NULL, fields FROM contacts
    WHERE manager_id = $2 AND last_run_id = $1 AND log_line IS NOT NULL
) l LEFT JOIN contacts c ON c.manager_id = $2 AND c.unique_id = l.unique_id
"""

_FIELDS = """
CREATE TEMP TABLE standing_fields ON COMMIT DROP AS
SELECT s.unique_id, k.name, s.before -> k.name AS before,
    s.now -> k.name IS NOT DISTINCT FROM s.after -> k.name AS goes_back
FROM standing s, LATERAL (SELECT jsonb_object_keys(s.before || s.after) AS name) k
WHERE s.change = 'updated' AND s.is_there AND s.before -> k.name IS DISTINCT FROM s.after -> k.name
"""

_STANDING_PASSWORDS = """
CREATE TEMP TABLE standing_passwords ON COMMIT DROP AS
SELECT p.unique_id, p.field, p.before_hash, p.before_fingerprint, k.hash AS now_hash,
    k.fingerprint AS now_fingerprint, s.change, s.is_there,
    k.hash IS NOT DISTINCT FROM p.hash OR k.fingerprint IS NOT DISTINCT FROM p.fingerprint AS goes_back
FROM plan_passwords p JOIN standing s USING (unique_id)
    LEFT JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
WHERE p.run_id = $1 AND (s.change = 'deleted' AND NOT s.is_there OR s.change = 'updated' AND s.is_there)
"""

# Both are looked up contact by contact.
_INDEXES = """
CREATE INDEX ON standing_fields (unique_id);
CREATE INDEX ON standing_passwords (unique_id);
ANALYZE standing_fields;
ANALYZE standing_passwords
"""

_CHANGES = """
INSERT INTO plan_changes (run_id, manager_id, ordinal, number, change, unique_id, before, after)
SELECT $1, $2, place, $3 + place, change, unique_id, before, after FROM (
    SELECT *, row_number() OVER (ORDER BY has_changed IS NOT TRUE, number) AS place FROM (
        SELECT s.has_changed, s.number, 'deleted' AS change, s.unique_id, s.now AS before, NULL::jsonb AS after
        FROM standing s WHERE s.change = 'added' AND s.is_untouched
        UNION ALL
        SELECT s.has_changed, s.number, 'added', s.unique_id, NULL, s.before
        FROM standing s WHERE s.change = 'deleted' AND NOT s.is_there
        UNION ALL
        SELECT s.has_changed, s.number, 'updated', s.unique_id, s.now, (s.now - b.names) || b.fields
        FROM standing s, LATERAL (
            SELECT coalesce(array_agg(f.name), '{}') AS names,
                coalesce(jsonb_object_agg(f.name, f.before) FILTER (WHERE f.before IS NOT NULL), '{}') AS fields
            FROM standing_fields f WHERE f.unique_id = s.unique_id AND f.goes_back) b
        WHERE s.change = 'updated' AND s.is_there AND (b.names <> '{}' OR EXISTS (
            SELECT FROM standing_passwords p WHERE p.unique_id = s.unique_id AND p.goes_back))
    ) AS changes) AS placed
"""

_PASSWORDS = """
INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, hash, before_hash, before_fingerprint)
SELECT $1::uuid, unique_id, field, before_fingerprint, before_hash, now_hash, now_fingerprint FROM standing_passwords
WHERE (change = 'deleted' OR goes_back) AND (before_hash IS NOT NULL OR now_hash IS NOT NULL)
UNION ALL
SELECT $1::uuid, k.unique_id, k.field, NULL, NULL, k.hash, k.fingerprint
FROM plan_changes c JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = c.unique_id
WHERE c.run_id = $1 AND c.change = 'deleted'
"""

_KEPT = """
SELECT unique_id, NULL AS field FROM standing
WHERE change = 'added' AND is_there AND NOT is_untouched OR change = 'deleted' AND is_there
    OR change = 'updated' AND NOT is_there
UNION ALL
SELECT unique_id, name FROM standing_fields WHERE NOT goes_back
UNION ALL
SELECT unique_id, field::text FROM standing_passwords WHERE change = 'updated' AND NOT goes_back
ORDER BY unique_id, field
"""

# How many contacts were changed since the undo was shown, as far as that was or is to touch them.
_DIFFERENT = """
WITH shown AS (SELECT change, unique_id FROM plan_changes WHERE run_id = $2),
    planned AS (SELECT change, unique_id FROM plan_changes WHERE run_id = $1)
SELECT count(*) FROM (
    SELECT unique_id FROM (TABLE shown EXCEPT TABLE planned) AS gone
    UNION SELECT unique_id FROM (TABLE planned EXCEPT TABLE shown) AS come
    UNION SELECT unique_id FROM planned JOIN standing USING (unique_id) WHERE has_changed) AS different
"""


async def plan_undo(connection: Connection, run: OpenRun, manager: LockedManager) -> Plan:
    """Store the plan of a run that undoes another; UserError `not_undoable` where that was undone meanwhile.

    Where it approves an undo that was planned before, and the contacts call for another one now, it ends planned.
    """
    undone = await connection.fetchrow("SELECT undone_by, applied_at FROM runs WHERE id = $1", run.undoes)
    if undone is None or undone["applied_at"] is None or undone["undone_by"] is not None:
        raise UserError("not_undoable", "This run was undone already, or was never applied.")
    await clear_plan(connection, run.id)
    if await plan_for_size(connection, manager.contacts):
        await plan_for_all(connection)
    shown_at = await connection.fetchval("SELECT plan_change_number FROM runs WHERE id = $1", run.approves)
    await connection.execute(_STANDING, run.undoes, run.manager_id, shown_at)
    await connection.execute("ANALYZE standing")
    await connection.execute(_FIELDS)
    await connection.execute(_STANDING_PASSWORDS, run.undoes, run.manager_id)
    await connection.execute(_INDEXES)
    await connection.execute(_CHANGES, run.id, run.manager_id, manager.change_number)
    await connection.execute(_PASSWORDS, run.id, run.manager_id)
    keeps = await _list_kept(connection, run)
    different = 0
    if run.approves is not None:
        different = await connection.fetchval(_DIFFERENT, run.id, run.approves)
    return Plan(
        counts=RunCounts(**await count_changes(connection, run.id)),
        verdict=Verdict("planned" if run.dry_run or different else "succeeded_with_errors" if keeps else "succeeded"),
        notes=[_changed_since(different)] if different else [],
    )


async def _list_kept(connection: Connection, run: OpenRun) -> bool:
    """List what is kept, a page at a time: it may be every contact of a large manager. Tells whether anything is."""
    keeps = False
    cursor = await connection.cursor(_KEPT)
    while page := await cursor.fetch(_PAGE):
        keeps = True
        await write_problems(connection, run.id, await asyncio.to_thread(_kept_ones, run, page))
    return keeps


def _changed_since(different: int) -> RunNote:
    message = (
        f"{different:,} of the contacts changed since this was shown. What is taken back of them now stands first, "
        "what is kept is listed: look at it and approve this run."
    )
    return RunNote(code="contacts_changed_since", message=message)


def _kept_ones(run: OpenRun, rows: list[asyncpg.Record]) -> list[Problem]:
    return [_kept(run, row["unique_id"], row["field"]) for row in rows]


def _kept(run: OpenRun, unique_id: str, field: str | None) -> Problem:
    column = None if field is None else run.setup.field_name(int(field))
    return Problem(
        line=None,
        severity="warning",
        code="edit_kept",
        message=describe_problem("edit_kept", column),
        column=column,
        unique_id=unique_id,
    )
