"""Plans a run that approves another's stored plan: the same changes, and anew those whose contacts changed since.

Where contacts changed since, nobody has seen what would become of them: the run then ends planned, with them first,
and waits to be approved in its turn. A contact that is not in the stored plan is not touched.
"""

from uuid import UUID

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.large_runs import plan_for_all, plan_for_size
from services.syncer.adapters.plan_store import Plan, clear_plan, count_changes
from services.syncer.domain.verdict import Verdict, unsafe_plan
from shared.errors import UserError
from shared.events.runs import RunCounts, RunNote
from shared.postgres.database import Connection
from shared.store.plan_requests import why_void
from shared.store.runs import OpenRun
from shared.store.staging import WAITING

_APPROVED = """
SELECT plan_change_number, plan_fields, row_scheme, counts FROM runs WHERE id = $1
"""

# What the stored plan says of each of its contacts, beside what the contact is now.
_STANDING = """
CREATE TEMP TABLE standing ON COMMIT DROP AS
SELECT p.ordinal, p.change, p.unique_id, p.line, p.before, p.after, p.row_hash, p.kept, c.fields AS now,
    c.unique_id IS NOT NULL AS is_there,
    CASE WHEN p.change = 'added' THEN c.unique_id IS NOT NULL
        ELSE c.unique_id IS NULL OR c.change_number > $3 END AS has_changed
FROM plan_changes p LEFT JOIN contacts c ON c.manager_id = $2 AND c.unique_id = p.unique_id
WHERE p.run_id = $1 AND NOT ($4 AND p.change = 'deleted')
"""

# `row`: the values that the row has for its mapped fields; a kept one is as good as not mapped.
_CHANGES = """
INSERT INTO plan_changes (run_id, manager_id, ordinal, number, change, unique_id, line, before, after, row_hash, kept)
SELECT $1, $2, place, $3 + place, change, unique_id, line, before, after, row_hash, kept FROM (
    SELECT *, row_number() OVER (ORDER BY NOT has_changed, ordinal) AS place FROM (
        SELECT s.has_changed, s.ordinal, s.change, s.unique_id, s.line, s.before, s.after, s.row_hash, s.kept
        FROM standing s WHERE NOT s.has_changed
        UNION ALL
        SELECT true, s.ordinal, 'deleted', s.unique_id, s.line, s.now, NULL, NULL, NULL
        FROM standing s WHERE s.has_changed AND s.change = 'deleted' AND s.is_there
        UNION ALL
        SELECT true, s.ordinal, 'added', s.unique_id, s.line, NULL, r.fields, s.row_hash, s.kept
        FROM standing s, LATERAL (
            SELECT coalesce(jsonb_object_agg(key, value), '{}') AS fields FROM jsonb_each(s.after)
            WHERE key = ANY ($4) AND NOT key::integer = ANY (coalesce(s.kept, '{}'))) r
        WHERE s.has_changed AND s.change = 'updated' AND NOT s.is_there
        UNION ALL
        SELECT true, s.ordinal, 'updated', s.unique_id, s.line, s.now, r.fields, s.row_hash, s.kept
        FROM standing s, LATERAL (
            SELECT ARRAY(SELECT unnest($4::text[]) EXCEPT SELECT unnest(coalesce(s.kept, '{}'))::text) AS names) m,
        LATERAL (
            SELECT (s.now - m.names) || coalesce((
                SELECT jsonb_object_agg(key, value) FROM jsonb_each(s.after) WHERE key = ANY (m.names)), '{}'
            ) AS fields) r
        WHERE s.has_changed AND s.change <> 'deleted' AND s.is_there AND $5
            AND (r.fields <> s.now OR EXISTS (
                SELECT FROM plan_passwords p LEFT JOIN contact_passwords k
                    ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
                WHERE p.run_id = $6 AND p.unique_id = s.unique_id AND p.fingerprint IS DISTINCT FROM k.fingerprint))
    ) AS changes) AS placed
"""

_PASSWORDS = """
INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed, hash, before_hash, before_fingerprint)
SELECT $1::uuid, c.unique_id, p.field, p.fingerprint, p.sealed, p.hash, k.hash, k.fingerprint
FROM plan_changes c JOIN plan_passwords p ON p.run_id = $3 AND p.unique_id = c.unique_id
    LEFT JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
WHERE c.run_id = $1 AND c.change <> 'deleted' AND ($4 OR p.fingerprint IS DISTINCT FROM k.fingerprint)
UNION ALL
SELECT $1::uuid, k.unique_id, k.field, NULL, NULL, NULL, k.hash, k.fingerprint
FROM plan_changes c JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = c.unique_id
WHERE c.run_id = $1 AND c.change = 'deleted'
"""

_PROBLEMS = """
INSERT INTO run_problems (run_id, line, severity, code, message, column_name, unique_id, row_offset, row_length)
SELECT $1, line, severity, code, message, column_name, unique_id, row_offset, row_length FROM run_problems
WHERE run_id = $2 AND NOT ($3 AND code = 'deletes_held_back') ORDER BY ordinal
"""


async def plan_approval(connection: Connection, run: OpenRun, manager: LockedManager, approves: UUID) -> Plan:
    """Store the plan of a run that approves the run `approves`; UserError `plan_void` where that is out of date."""
    approved = await connection.fetchrow(_APPROVED, approves)
    if approved is None or approved["plan_change_number"] is None:
        raise UserError("plan_void", "The plan that was approved is no longer there. Run the import again.")
    # Asked when it was approved too; but a newer run may have ended since, and none can under the manager's lock.
    if reason := await why_void(connection, approves):
        raise UserError("plan_void", f"{reason} Nothing was changed.")
    await clear_plan(connection, run.id)
    if await plan_for_size(connection, manager.contacts):
        await plan_for_all(connection)
    await connection.execute(
        _STANDING, approves, run.manager_id, approved["plan_change_number"], run.additions_and_updates_only
    )
    await connection.execute("ANALYZE standing")
    mapped = [str(number) for number in approved["plan_fields"] or ()]
    update = run.setup.options.update_existing
    await connection.execute(_CHANGES, run.id, run.manager_id, manager.change_number, mapped, update, approves)
    await connection.execute(_PROBLEMS, run.id, approves, run.additions_and_updates_only)
    changed = await connection.fetchval(
        """SELECT count(*) FROM plan_changes p JOIN standing s USING (unique_id)
        WHERE p.run_id = $1 AND s.has_changed""",
        run.id,
    )
    counts = await _counts(connection, run, RunCounts(**approved["counts"]))
    verdict = await _verdict(connection, run, counts, changed)
    await connection.execute(_PASSWORDS, run.id, run.manager_id, approves, verdict.status in WAITING)
    return Plan(
        counts=counts,
        verdict=verdict,
        fields=approved["plan_fields"] or [],
        row_scheme=approved["row_scheme"],
        notes=[_changed_since(changed)] if changed else [],
    )


async def _counts(connection: Connection, run: OpenRun, approved: RunCounts) -> RunCounts:
    """Count this plan; rows of the file that change nothing now are unchanged ones."""
    changes = await count_changes(connection, run.id)
    rest = approved.read - approved.rejected - approved.duplicates - changes["added"] - changes["updated"]
    return approved.model_copy(update=changes | {"unchanged": rest})


async def _verdict(connection: Connection, run: OpenRun, counts: RunCounts, changed: int) -> Verdict:
    """Ask again what no approval answers: the 10 % rule and limits are not asked."""
    unsafe = unsafe_plan(
        deleted=counts.deleted,
        good_rows=counts.read - counts.rejected,
        rejected=counts.rejected,
        generated_keys=run.setup.unique_id.generate,
    )
    if unsafe is not None:
        return unsafe
    if changed or run.dry_run:
        return Verdict("planned")
    problems = await connection.fetchval("SELECT EXISTS (SELECT FROM run_problems WHERE run_id = $1)", run.id)
    return Verdict("succeeded_with_errors" if problems else "succeeded")


def _changed_since(changed: int) -> RunNote:
    """Return the note on a plan that has to be looked at again."""
    message = (
        f"{changed:,} of the plan's contacts changed since it was made. What changed was planned anew and stands "
        "first: look at it and approve this run."
    )
    return RunNote(code="contacts_changed_since", message=message)
