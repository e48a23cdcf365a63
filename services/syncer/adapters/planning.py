"""Computes the plan of a run from its file, in full, in set-based SQL, before the first write: adds, updates, deletes.

Only keys and row hashes of all rows are compared; values are unpacked of those that differ. All of it happens in the
caller's transaction, which holds the manager's row lock.
"""

import asyncio
import random

from services.syncer.adapters.applying import LockedManager
from services.syncer.adapters.changes import store_changes
from services.syncer.adapters.comparing import compare_rows
from services.syncer.adapters.few_rows import few_rows, plan_few_rows
from services.syncer.adapters.incoming_rows import collect_passwords
from services.syncer.adapters.large_runs import plan_for_all, plan_for_size
from services.syncer.adapters.plan_store import Plan, clear_plan, count_changes
from services.syncer.adapters.plan_tables import make_plan_tables
from services.syncer.adapters.row_problems import count_undecodable, write_row_problems
from services.syncer.adapters.row_schemes import scheme_of
from services.syncer.adapters.staged_set import StagedRows, StagedSet, complete_set, staged_rows
from services.syncer.domain.balance import FileBalance, require_file_balance
from services.syncer.domain.notes import notes_on
from services.syncer.domain.verdict import ChangeLimit, PlanFacts, judge
from shared.events.runs import RunCounts
from shared.postgres.database import Connection
from shared.process_memory import return_freed
from shared.sealing import Sealer
from shared.store.runs import OpenRun
from shared.store.set_ups import Limits
from shared.store.staging import WAITING

_FILE_BALANCE = """
SELECT coalesce(sum(b.count), 0)::bigint AS records,
    coalesce(sum(b.good + b.rejected + b.blank + b.header + b.skipped), 0)::bigint AS accounted,
    coalesce(bool_and(b.first_line = b.expected), true) AS lines_tile,
    coalesce(sum(b.lines), 0)::bigint AS lines,
    (SELECT lines FROM staging_sets WHERE id = $1) AS file_lines
FROM (SELECT *, coalesce(lag(first_line + lines) OVER (ORDER BY chunk, first), 1) AS expected
    FROM staged_batches WHERE set_id = $1) AS b
"""

_PASSWORDS = """
INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed, before_hash, before_fingerprint)
SELECT $1, p.unique_id, p.field, p.fingerprint, p.sealed, k.hash, k.fingerprint
FROM incoming_passwords p
    LEFT JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
WHERE k.fingerprint IS DISTINCT FROM p.fingerprint
    AND ($3 OR EXISTS (SELECT FROM plan_changes c
        WHERE c.run_id = $1 AND c.manager_id = $2 AND c.unique_id = p.unique_id AND c.change <> 'deleted'))
"""

# Passwords of a plan that waits, which its contacts have already: they may have others when it is approved.
_KEPT_PASSWORDS = """
INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, hash, before_hash, before_fingerprint)
SELECT $1, k.unique_id, k.field, k.fingerprint, k.hash, k.hash, k.fingerprint
FROM plan_changes c JOIN incoming_passwords p ON p.unique_id = c.unique_id AND p.line = c.line
    JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = p.unique_id AND k.field = p.field
        AND k.fingerprint = p.fingerprint
WHERE c.run_id = $1 AND c.change = 'updated'
"""

# What a contact that goes takes along, so that it can come back.
_PASSWORDS_OF_DELETED = """
INSERT INTO plan_passwords (run_id, unique_id, field, before_hash, before_fingerprint)
SELECT $1, k.unique_id, k.field, k.hash, k.fingerprint
FROM plan_changes c JOIN contact_passwords k ON k.manager_id = $2 AND k.unique_id = c.unique_id
WHERE c.run_id = $1 AND c.change = 'deleted'
"""


async def compute_plan(
    connection: Connection, run: OpenRun, manager: LockedManager, *, sealer: Sealer, source: random.Random
) -> Plan:
    """Store the plan and the problems of a run whose rows are all staged.

    TransientError `staging_lost` where rows that were staged are gone; PermanentError `run_does_not_balance`.
    """
    staged = await complete_set(connection, run)
    for balance in await connection.fetch(_FILE_BALANCE, staged.id):
        require_file_balance(FileBalance(**dict(balance)))
    await clear_plan(connection, run.id)
    is_large = await plan_for_size(connection, max(staged.good, manager.contacts))
    if is_large:
        await asyncio.to_thread(return_freed)  # what staging held; planning takes its own
        await plan_for_all(connection)
    few = None if is_large else await few_rows(connection, run, staged)
    if few is not None:
        rows = StagedRows("", staged.good, None)
    else:
        await make_plan_tables(connection, passwords=run.setup.has_passwords())
        rows = await staged_rows(connection, run, staged, source)
    problems = await write_row_problems(connection, run, staged, duplicates=rows.duplicates)
    scheme = await scheme_of(connection, run, staged.fields, fingerprint_key=sealer.fingerprint_key_id)
    delete = run.setup.options.delete_missing and not problems.deletes_held_back
    is_first_load = _is_first_load(run, manager, staged)
    found = 0
    if is_first_load:
        changes = {"added": rows.count, "updated": 0, "deleted": 0}
        if run.setup.has_passwords():
            await collect_passwords(connection, staged, rows.name)
            await connection.execute(_PASSWORDS, run.id, run.manager_id, True)  # noqa: FBT003 - a parameter of SQL
    elif few is not None:
        found, changes = await plan_few_rows(connection, run, manager, staged, few, scheme, delete=delete)
    else:
        found = await compare_rows(connection, run, manager, staged, rows, scheme, is_large=is_large)
        await store_changes(connection, run, manager, staged.fields, delete=delete)
        if run.setup.has_passwords():
            await connection.execute(_PASSWORDS, run.id, run.manager_id, False)  # noqa: FBT003 - a parameter of SQL
        changes = await count_changes(connection, run.id)
    if changes["deleted"]:
        await connection.execute(_PASSWORDS_OF_DELETED, run.id, run.manager_id)
    counts = RunCounts(
        read=staged.good + staged.rejected,
        added=changes["added"],
        updated=changes["updated"],
        unchanged=rows.count - changes["added"] - changes["updated"],
        deleted=changes["deleted"],
        rejected=staged.rejected,
        duplicates=staged.good - rows.count,
    )
    options = run.setup.options
    facts = PlanFacts(
        good_rows=staged.good,
        rejected=staged.rejected,
        undecodable=await count_undecodable(connection, staged.id) if staged.rejected else 0,
        warnings=problems.warnings,
        contacts=manager.contacts,
        found=found,
        counts=counts,
        delete_missing=options.delete_missing,
        generated_keys=run.setup.unique_id.generate,
        remote=run.setup.source.kind == "remote",
        scheduled=run.setup.scheduled,
        dry_run=run.dry_run,
        limits=_limits(options.limits),
        most_row_errors=options.max_row_errors,
        most_row_error_percent=options.max_row_error_percent,
    )
    verdict = judge(facts)
    if verdict.status in WAITING and run.setup.has_passwords():
        await connection.execute(_KEPT_PASSWORDS, run.id, run.manager_id)
    return Plan(
        counts=counts,
        verdict=verdict,
        fields=staged.fields,
        row_scheme=scheme,
        is_first_load=is_first_load,
        notes=notes_on(facts),
    )


def _limits(limits: Limits) -> tuple[ChangeLimit, ...]:
    return (
        ChangeLimit("deletes", limits.deletes.count, limits.deletes.percent),
        ChangeLimit("updates", limits.updates.count, limits.updates.percent),
        ChangeLimit("adds", limits.adds.count, limits.adds.percent),
    )


def _is_first_load(run: OpenRun, manager: LockedManager, staged: StagedSet) -> bool:
    """Tell whether every row is simply added, so that the contacts themselves are the log of it.

    A small file is not worth the difference, and a plan that may be kept has to stand on its own.
    """
    return (
        manager.contacts == 0
        and staged.is_wide
        and staged.has_tables
        and not run.dry_run
        and not run.setup.unique_id.generate
        and not run.setup.options.limits.any_set()
    )
