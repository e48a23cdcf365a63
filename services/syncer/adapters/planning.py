"""Computes a run's plan in full, in set-based SQL, before the first write: adds, updates, deletes.

All of it happens in the caller's transaction, which holds the manager's row lock.
"""

import random
from dataclasses import dataclass
from uuid import UUID

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.row_problems import count_undecodable, row_problems
from services.syncer.domain.balance import FileBalance, require_file_balance
from services.syncer.domain.generated_keys import draw_codes
from services.syncer.domain.verdict import PlanFacts, Verdict, judge
from shared.errors import PermanentError, TransientError
from shared.events.runs import RunCounts
from shared.postgres.database import Connection, Pool
from shared.store.problems import write_problems
from shared.store.runs import OpenRun

_LARGE = 5_000
"""From so many staged rows on, a nested loop over temporary tables is never right; small plans are faster with it."""

_SET = """
SELECT s.id, s.chunks, s.text_bytes, coalesce(sum(b.good), 0)::bigint AS good,
    coalesce(sum(b.rejected), 0)::bigint AS rejected,
    coalesce(sum(b.chunk_bytes) FILTER (WHERE b.is_last), 0)::bigint AS chunk_bytes
FROM staging_sets s LEFT JOIN staged_batches b ON b.set_id = s.id
WHERE s.run_id = $1 AND s.attempt = $2 AND s.chunks IS NOT NULL GROUP BY s.id
"""

_FILE_BALANCE = """
SELECT coalesce(sum(b.count), 0)::bigint AS records,
    coalesce(sum(b.good + b.rejected + b.blank + b.header + b.skipped), 0)::bigint AS accounted,
    coalesce(bool_and(b.first_line = b.expected), true) AS lines_tile,
    coalesce(sum(b.lines), 0)::bigint AS lines,
    (SELECT lines FROM staging_sets WHERE id = $1) AS file_lines
FROM (SELECT *, coalesce(lag(first_line + lines) OVER (ORDER BY chunk, first), 1) AS expected
    FROM staged_batches WHERE set_id = $1) AS b
"""

_FIELDS = "SELECT DISTINCT unnest(fields) AS field FROM staged_batches WHERE set_id = $1"

_STAGED = """
CREATE TEMP TABLE staged ON COMMIT DROP AS
SELECT DISTINCT ON (unique_id) unique_id, line, fields, passwords, kept FROM staged_rows
WHERE set_id = $1 ORDER BY unique_id, line DESC
"""

_CODED = """
CREATE TEMP TABLE staged ON COMMIT DROP AS
SELECT c.code COLLATE "C" AS unique_id, r.line, r.fields, r.passwords, r.kept
FROM (SELECT *, row_number() OVER (ORDER BY line) AS place FROM staged_rows WHERE set_id = $1) r
JOIN unnest($2::text[]) WITH ORDINALITY AS c (code, place) USING (place)
"""

_REJECTED = """
CREATE TEMP TABLE rejected_ids ON COMMIT DROP AS
SELECT DISTINCT unique_id FROM staged_rejections WHERE set_id = $1 AND unique_id IS NOT NULL
"""

_CHANGES = """
INSERT INTO plan_changes (run_id, ordinal, change, unique_id, line, before, after)
SELECT $1, row_number() OVER (ORDER BY line, unique_id), change, unique_id, line, before, after FROM (
    SELECT 'updated' AS change, c.unique_id, s.line, c.fields AS before, n.after
    FROM contacts c JOIN staged s USING (unique_id), LATERAL (
        SELECT (c.fields - CASE WHEN s.kept IS NULL THEN $3::text[]
            ELSE ARRAY(SELECT unnest($3::text[]) EXCEPT SELECT unnest(s.kept)::text) END) || s.fields AS after) n
    WHERE $4 AND c.manager_id = $2 AND (n.after <> c.fields OR s.passwords IS NOT NULL AND EXISTS (
        SELECT FROM jsonb_to_recordset(s.passwords) AS p (field integer, fingerprint text)
        LEFT JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = c.unique_id AND k.field = p.field
        WHERE k.fingerprint IS DISTINCT FROM p.fingerprint))
    UNION ALL
    SELECT 'added', s.unique_id, s.line, NULL, s.fields FROM staged s
    WHERE NOT EXISTS (SELECT FROM contacts c WHERE c.manager_id = $2 AND c.unique_id = s.unique_id)
    UNION ALL
    SELECT 'deleted', c.unique_id, NULL, c.fields, NULL FROM contacts c
    WHERE $5 AND c.manager_id = $2
        AND NOT EXISTS (SELECT FROM staged s WHERE s.unique_id = c.unique_id)
        AND NOT EXISTS (SELECT FROM rejected_ids r WHERE r.unique_id = c.unique_id)
) AS changes
"""

_PASSWORDS = """
INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed)
SELECT $1, s.unique_id, p.field, p.fingerprint, p.sealed
FROM plan_changes ch JOIN staged s ON s.unique_id = ch.unique_id,
    jsonb_to_recordset(s.passwords) AS p (field integer, fingerprint text, sealed text)
    LEFT JOIN LATERAL (SELECT k.fingerprint FROM contact_passwords k
        WHERE k.manager_id = $2 AND k.unique_id = s.unique_id AND k.field = p.field) AS k ON true
WHERE ch.run_id = $1 AND ch.change <> 'deleted' AND s.passwords IS NOT NULL
    AND k.fingerprint IS DISTINCT FROM p.fingerprint
"""

_FOUND = """
SELECT count(*) FROM contacts c WHERE c.manager_id = $1 AND (
    EXISTS (SELECT FROM staged s WHERE s.unique_id = c.unique_id)
    OR EXISTS (SELECT FROM rejected_ids r WHERE r.unique_id = c.unique_id))
"""


@dataclass(frozen=True)
class Plan:
    """A plan that is stored, its counts and its verdict."""

    counts: RunCounts
    verdict: Verdict
    chunk_bytes: int
    text_bytes: int


async def compute_plan(connection: Connection, run: OpenRun, contacts: int, *, source: random.Random) -> Plan:
    """Store the plan and the problems of a run whose rows are all staged; `contacts` are in the manager now.

    TransientError `staging_lost` where rows that were staged are gone, as after a crash of the database.
    """
    staged = await connection.fetchrow(_SET, run.id, run.attempt)
    if staged is None:
        raise TransientError("staging_lost", "The run's staged rows are gone.")
    set_id = staged["id"]
    if await connection.fetchval("SELECT count(*) FROM staged_rows WHERE set_id = $1", set_id) != staged["good"]:
        raise TransientError("staging_lost", "Rows that were staged are gone; the database has lost them in a crash.")
    for balance in await connection.fetch(_FILE_BALANCE, set_id):
        require_file_balance(FileBalance(**dict(balance)))
    if staged["good"] > _LARGE:
        await connection.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
    await _clear_plan(connection, run.id)
    await _collect(connection, run, set_id, staged["good"], source)
    problems = await row_problems(connection, run, set_id)
    held_back = any(problem.code == "deletes_held_back" for problem in problems)
    await write_problems(connection, run.id, problems)
    changes = await _changes(connection, run, set_id, held_back=held_back)
    distinct = await connection.fetchval("SELECT count(*) FROM staged")
    counts = RunCounts(
        read=staged["good"] + staged["rejected"],
        added=changes["added"],
        updated=changes["updated"],
        unchanged=distinct - changes["added"] - changes["updated"],
        deleted=changes["deleted"],
        rejected=staged["rejected"],
        duplicates=staged["good"] - distinct,
    )
    facts = PlanFacts(
        good_rows=staged["good"],
        rejected=staged["rejected"],
        undecodable=await count_undecodable(connection, set_id),
        warnings=sum(problem.severity == "warning" for problem in problems),
        contacts=contacts,
        found=await connection.fetchval(_FOUND, run.manager_id),
        deletes=changes["deleted"],
        delete_missing=run.setup.options.delete_missing,
        generated_keys=run.setup.unique_id.generate,
        remote=run.setup.source.kind == "remote",
        scheduled=run.setup.scheduled,
        dry_run=run.dry_run,
        most_row_errors=run.setup.options.max_row_errors,
        most_row_error_percent=run.setup.options.max_row_error_percent,
    )
    return Plan(counts, judge(facts), staged["chunk_bytes"], staged["text_bytes"])


async def keep_plan(connection: Connection, run: OpenRun, manager: LockedManager, plan: Plan) -> None:
    """Note with the run what its stored plan counts, and which state of the manager it is for."""
    await connection.execute(
        "UPDATE runs SET plan_change_number = $2, counts = $3 WHERE id = $1",
        run.id,
        manager.change_number,
        plan.counts.model_dump(),
    )


async def kept_plan(connection: Connection, run: OpenRun) -> Plan:
    """Return the stored plan of a run that is to be applied."""
    row = await connection.fetchrow(
        "SELECT counts, EXISTS (SELECT FROM run_problems WHERE run_id = $1) AS problems FROM runs WHERE id = $1",
        run.id,
    )
    staged = await connection.fetchrow(_SET, run.id, run.attempt)
    if row is None or staged is None:
        raise PermanentError("plan_missing", "The run's stored plan is gone.")
    verdict = Verdict("succeeded_with_errors" if row["problems"] else "succeeded")
    return Plan(RunCounts(**row["counts"]), verdict, staged["chunk_bytes"], staged["text_bytes"])


async def forget_plan(connection: Connection | Pool, run_id: UUID) -> None:
    """Let a run's plan be made anew before it is applied."""
    await connection.execute("UPDATE runs SET plan_change_number = NULL WHERE id = $1", run_id)


async def _clear_plan(connection: Connection, run_id: UUID) -> None:
    await connection.execute("DELETE FROM plan_changes WHERE run_id = $1", run_id)
    await connection.execute("DELETE FROM plan_passwords WHERE run_id = $1", run_id)
    await connection.execute("DELETE FROM run_problems WHERE run_id = $1", run_id)


async def _collect(connection: Connection, run: OpenRun, set_id: int, good: int, source: random.Random) -> None:
    """Make the temporary tables `staged`, one row for each unique id, and `rejected_ids`."""
    if run.setup.unique_id.generate:
        taken = await connection.fetch("SELECT unique_id FROM contacts WHERE manager_id = $1", run.manager_id)
        codes = draw_codes(good, [row["unique_id"] for row in taken], source)
        await connection.execute(_CODED, set_id, codes)
    else:
        await connection.execute(_STAGED, set_id)
    await connection.execute(_REJECTED, set_id)
    await connection.execute("ANALYZE staged; ANALYZE rejected_ids")


async def _changes(connection: Connection, run: OpenRun, set_id: int, *, held_back: bool) -> dict[str, int]:
    setup = run.setup
    mapped = [str(row["field"]) for row in await connection.fetch(_FIELDS, set_id)]
    delete = setup.options.delete_missing and not held_back
    update = setup.options.update_existing
    await connection.execute(_CHANGES, run.id, run.manager_id, mapped, update, delete)
    await connection.execute(_PASSWORDS, run.id, run.manager_id)
    rows = await connection.fetch(
        "SELECT change, count(*) AS count FROM plan_changes WHERE run_id = $1 GROUP BY change", run.id
    )
    return {"added": 0, "updated": 0, "deleted": 0} | {row["change"]: row["count"] for row in rows}
