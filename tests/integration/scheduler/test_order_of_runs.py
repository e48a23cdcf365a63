"""Which run of an import is the newer one does not hang on clocks, which can be set back."""

from datetime import timedelta
from importlib.resources import files
from uuid import UUID

from shared.store.plan_requests import why_void
from shared.store.runs import request_run
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.support.scheduled_imports import add_history


async def apply_file(schedulers: Schedulers, import_id: UUID, sha256: str) -> str | None:
    """Run an import that applies a file; returns which one was the last applied before, by what the fetcher heard."""
    now = schedulers.clock.now()
    async with schedulers.db.transaction():
        await request_run(schedulers.db, import_id, trigger="now", now=now)
    assert (await schedulers.dispatcher().start_queued()).started == 1
    before: str | None = await schedulers.db.fetchval(
        """SELECT body::jsonb ->> 'last_applied_sha256' FROM outbox WHERE topic = 'import.requested'
        ORDER BY id DESC LIMIT 1"""
    )
    await schedulers.db.execute(
        "UPDATE runs SET file_sha256 = $1, applied_at = $2 WHERE finished_at IS NULL", sha256, now
    )
    await schedulers.finish()
    return before


async def test_a_file_is_compared_with_what_was_applied_last_though_the_clock_was_set_back(
    schedulers: Schedulers,
) -> None:
    made = await schedulers.new_import(None)
    schedulers.clock.set(NOW + timedelta(hours=1))
    assert await apply_file(schedulers, made, "A" * 64) is None
    schedulers.clock.set(NOW)
    assert await apply_file(schedulers, made, "B" * 64) == "A" * 64
    assert await apply_file(schedulers, made, "C" * 64) == "B" * 64


async def test_a_newer_run_voids_a_plan_though_the_clock_was_set_back(schedulers: Schedulers) -> None:
    made = await schedulers.new_import(None)
    ids = UUID("0192ffff-0000-7000-8000-000000000002"), UUID("0192ffff-0000-7000-8000-000000000001")
    for run_id, status in zip(ids, ("refused", "succeeded"), strict=True):
        async with schedulers.db.transaction():
            queued = await request_run(schedulers.db, made, trigger="now", now=schedulers.clock.now())
            await schedulers.db.execute("UPDATE runs SET id = $2, attempt = 1 WHERE id = $1", queued, run_id)
        await schedulers.finish(status)
    assert await why_void(schedulers.db, ids[0]) is not None


async def test_runs_from_before_the_upgrade_are_numbered_by_their_age_and_come_before_all_others(
    schedulers: Schedulers,
) -> None:
    made = await schedulers.new_import(None)
    await add_history(schedulers.db, [made], runs=3, now=NOW)
    upgrade = (files("shared.postgres") / "migrations" / "0024_order_of_runs.sql").read_text(encoding="utf-8")
    transaction = schedulers.db.transaction()
    await transaction.start()
    await schedulers.db.execute("UPDATE runs SET status = status")  # their order on disk is now another
    await schedulers.db.execute("ALTER TABLE runs DROP COLUMN number; CREATE INDEX runs_last_applied ON runs (id)")
    await schedulers.db.execute(upgrade)
    await request_run(schedulers.db, made, trigger="now", now=NOW - timedelta(days=9))
    numbers = await schedulers.db.fetch("SELECT number FROM runs ORDER BY finished_at")
    assert [row["number"] for row in numbers] == [1, 2, 3, 4]
    await transaction.rollback()
