"""Beats are gathered and written down together: the newest counts, steps go forward only, a held row is passed over."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.scheduler.handlers import SchedulerHandlers
from services.scheduler.progress import Progress
from shared.events.runs import ImportProgressed, ImportStopped
from shared.ids import new_id
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.integration.scheduler.test_watch import start_run


def beat(run_id: UUID, **changes: Any) -> ImportProgressed:
    fields: dict[str, Any] = {"run_id": run_id, "import_id": run_id, "attempt": 1, "step": "fetching"}
    fields |= {"event_id": new_id(), "occurred_at": NOW, "service": "fetcher"}
    return ImportProgressed(**fields | changes)


async def started(schedulers: Schedulers) -> UUID:
    await start_run(schedulers)
    await schedulers.db.execute("UPDATE runs SET taken_up_at = NULL")
    (run,) = await schedulers.runs()
    run_id: UUID = run["id"]
    return run_id


async def test_the_newest_beat_counts_and_nothing_that_was_heard_is_lost(schedulers: Schedulers) -> None:
    run_id = await started(schedulers)
    progress = Progress(schedulers.database, schedulers.clock)
    handlers = SchedulerHandlers(schedulers.database, schedulers.clock, progress)
    begun = await schedulers.db.fetchval("SELECT beat_at FROM runs")
    schedulers.clock.go(timedelta(seconds=2))
    of_another_attempt = {"attempt": 2, "bytes": 9999}
    for changes in ({"bytes": 700, "bytes_total": 900}, of_another_attempt, {"bytes": 800}, {"waited_ms": 1500}):
        await handlers.on_import_progressed(beat(run_id, **changes))
    await progress.write()
    (run,) = await schedulers.runs()
    assert (run["bytes"], run["bytes_total"], run["waited_ms"]) == (800, 900, 1500)
    assert run["taken_up_at"] == NOW + timedelta(seconds=2)
    assert begun < run["beat_at"] <= await schedulers.db.fetchval("SELECT now()")


async def test_a_run_moves_on_to_staging_and_never_back(schedulers: Schedulers) -> None:
    run_id = await started(schedulers)
    progress = Progress(schedulers.database, schedulers.clock)
    progress.take(beat(run_id, step="staging", service="parser"))
    progress.take(beat(run_id))
    await progress.write()
    progress.take(beat(run_id))
    await progress.write()
    (run,) = await schedulers.runs()
    assert run["status"] == "staging"
    assert run["parsed_from"] == NOW
    steps = await schedulers.db.fetch("SELECT step, service, finished_at FROM run_steps ORDER BY step")
    assert [tuple(step) for step in steps] == [("fetching", "scheduler", NOW), ("staging", "parser", None)]


async def test_a_row_that_somebody_holds_stops_nobody(schedulers: Schedulers) -> None:
    run_id = await started(schedulers)
    progress = Progress(schedulers.database, schedulers.clock)
    async with schedulers.database.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM runs FOR UPDATE")
        progress.take(beat(run_id, bytes=5))
        await progress.write()
    progress.take(beat(run_id, bytes=6))
    await progress.write()
    (run,) = await schedulers.runs()
    assert run["bytes"] == 6


async def test_the_first_host_key_is_kept_at_once(schedulers: Schedulers) -> None:
    run_id = await started(schedulers)
    import_id = await schedulers.db.fetchval("SELECT id FROM imports")
    handlers = SchedulerHandlers(schedulers.database, schedulers.clock, Progress(schedulers.database, schedulers.clock))
    for key in ("SHA256:a", "SHA256:b"):
        await handlers.on_import_progressed(beat(run_id, import_id=import_id, host_key=key))
    assert await schedulers.db.fetchval("SELECT host_key FROM imports") == "SHA256:a"


async def test_a_run_that_stopped_before_its_first_beat_leaves_its_host_key(schedulers: Schedulers) -> None:
    run_id = await started(schedulers)
    import_id = await schedulers.db.fetchval("SELECT id FROM imports")
    handlers = SchedulerHandlers(schedulers.database, schedulers.clock, Progress(schedulers.database, schedulers.clock))
    about: dict[str, Any] = {"event_id": new_id(), "occurred_at": NOW, "run_id": run_id, "import_id": import_id}
    stopped = ImportStopped(**about, attempt=1, outcome="failed", code="file_not_found", host_key="SHA256:a")
    await handlers.on_import_stopped(stopped)
    (run,) = await schedulers.runs()
    assert (run["status"], await schedulers.db.fetchval("SELECT host_key FROM imports")) == ("failed", "SHA256:a")
