"""Set-ups that nobody has gone on with: how long they are kept, and what is left of them afterwards."""

from datetime import timedelta
from uuid import UUID

from services.scheduler.adapters.old_drafts import KEPT_FOR, OldDrafts
from shared.ids import new_id
from shared.store.import_drafts import create_draft, forget_draft, tie_draft
from shared.store.imports import delete_import
from shared.store.runs import request_run
from tests.integration.scheduler.conftest import Schedulers

SETTLED = timedelta(minutes=11)


async def draft_of(schedulers: Schedulers, *, edits: UUID | None = None) -> tuple[UUID, UUID]:
    """Make a draft with a dry run that has planned a contact; returns it and its import."""
    db, now = schedulers.db, schedulers.clock.now()
    tried = await schedulers.new_import(None)
    await db.execute("UPDATE imports SET is_draft = true WHERE id = $1", tried)
    manager_id = await db.fetchval("SELECT manager_id FROM imports WHERE id = $1", tried)
    account_id = new_id()
    await db.execute(
        "INSERT INTO accounts (id, login, role, password_hash, created_at) VALUES ($1, $2, 'editor', 'x', $3)",
        account_id,
        str(account_id),
        now,
    )
    async with db.transaction():
        draft = await create_draft(db, manager_id=manager_id, account_id=account_id, edits=edits, form={}, now=now)
        await tie_draft(db, draft.id, tried)
        run_id = await request_run(db, tried, trigger="now", now=now, dry_run=True)
    await db.execute(
        """INSERT INTO plan_changes (run_id, manager_id, ordinal, number, change, unique_id, after)
        VALUES ($1, $2, 1, 1, 'added', '1', $3)""",
        run_id,
        manager_id,
        {"1": "somebody"},
    )
    return draft.id, tried


async def kept(schedulers: Schedulers, imports: list[UUID]) -> dict[str, int]:
    """Count what there is of these imports, and all plans."""
    db = schedulers.db
    return {
        "drafts": await db.fetchval("SELECT count(*) FROM import_drafts WHERE import_id = ANY ($1)", imports),
        "imports": await db.fetchval("SELECT count(*) FROM imports WHERE id = ANY ($1)", imports),
        "plans": await db.fetchval("SELECT count(*) FROM plan_changes"),
    }


async def test_a_draft_is_kept_for_thirty_days_and_nothing_of_it_for_longer(schedulers: Schedulers) -> None:
    drafts = OldDrafts(schedulers.database, schedulers.clock)
    _, tried = await draft_of(schedulers)
    await schedulers.finish("planned")
    schedulers.clock.go(KEPT_FOR)
    await drafts.sweep()
    assert await kept(schedulers, [tried]) == {"drafts": 1, "imports": 1, "plans": 1}
    schedulers.clock.go(timedelta(seconds=1))
    await drafts.sweep()
    assert await kept(schedulers, [tried]) == {"drafts": 0, "imports": 1, "plans": 1}, "still read for a moment"
    schedulers.clock.go(SETTLED)
    await drafts.sweep()
    assert await kept(schedulers, [tried]) == {"drafts": 0, "imports": 0, "plans": 0}


async def test_what_was_thrown_away_goes_once_its_dry_run_has_ended(schedulers: Schedulers) -> None:
    drafts = OldDrafts(schedulers.database, schedulers.clock)
    draft_id, tried = await draft_of(schedulers)
    async with schedulers.db.transaction():
        await forget_draft(schedulers.db, draft_id)
        await delete_import(schedulers.db, tried, now=schedulers.clock.now())
    schedulers.clock.go(SETTLED)
    await drafts.sweep()
    assert (await kept(schedulers, [tried]))["imports"] == 1
    await schedulers.finish("cancelled")
    await drafts.sweep()
    assert await kept(schedulers, [tried]) == {"drafts": 0, "imports": 0, "plans": 0}


async def test_a_draft_that_edits_an_import_goes_with_it_and_the_history_of_that_stays(schedulers: Schedulers) -> None:
    drafts = OldDrafts(schedulers.database, schedulers.clock)
    edited = await schedulers.new_import(None)
    async with schedulers.db.transaction():
        await request_run(schedulers.db, edited, trigger="now", now=schedulers.clock.now())
    _, tried = await draft_of(schedulers, edits=edited)
    await schedulers.finish("planned")
    await drafts.sweep()
    assert await kept(schedulers, [tried]) == {"drafts": 1, "imports": 1, "plans": 1}
    async with schedulers.db.transaction():
        await delete_import(schedulers.db, edited, now=schedulers.clock.now())
    await drafts.sweep()
    schedulers.clock.go(SETTLED)
    await drafts.sweep()
    assert await kept(schedulers, [tried, edited]) == {"drafts": 0, "imports": 1, "plans": 0}
    assert len(await schedulers.runs(edited)) == 1
