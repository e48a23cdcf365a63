"""Runs under way end, or are asked for again, for reasons that hold; a clock that was set is none."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from shared.store.applies_pause import pause_applies, resume_applies
from tests.integration.scheduler.conftest import NOW, Schedulers
from tests.support.scheduled_imports import add_imports, add_managers
from tests.support.set_clock import SetClock

HOUR = timedelta(hours=1)


async def start_run(schedulers: Schedulers) -> None:
    await schedulers.new_import(None)
    await schedulers.db.execute(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at)
        SELECT id, id, manager_id, 'now', false, 'queued',
            setup || '{"name": "N", "manager_name": "M", "fields": [], "scheduled": false}', '', $1 FROM imports""",
        NOW,
    )
    assert (await schedulers.dispatcher().start_queued()).started == 1
    await take_up(schedulers)


async def take_up(schedulers: Schedulers, waited: timedelta = timedelta()) -> None:
    """What the handler writes when a fetcher begins."""
    event = "UPDATE runs SET taken_up_at = $1, waited_ms = $2 WHERE status = 'fetching'"
    await schedulers.db.execute(event, schedulers.clock.now(), round(waited.total_seconds() * 1000))


async def let_pass(schedulers: Schedulers, time: timedelta) -> None:
    """Let time pass, by which the beats that the database has written are older."""
    schedulers.clock.go(time)
    await schedulers.db.execute("UPDATE runs SET beat_at = beat_at - $1::interval", time)


async def state(schedulers: Schedulers) -> tuple[str, int, str | None]:
    (run,) = await schedulers.runs()
    return run["status"], run["attempt"], run["error_code"]


async def test_a_silent_run_is_asked_for_again_and_given_up_in_the_end(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch()
    for attempt in (2, 3):
        await let_pass(schedulers, timedelta(seconds=16))
        await watch.see_to_silent_runs()
        assert await state(schedulers) == ("fetching", attempt, None)
        await take_up(schedulers)
    await let_pass(schedulers, timedelta(seconds=16))
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("failed", 3, "attempts_exhausted")


async def test_a_clock_set_forward_makes_no_run_silent_or_old(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch()
    await watch.forgive_a_jump()
    schedulers.clock.set(NOW + 100 * HOUR)
    await watch.forgive_a_jump()
    await watch.see_to_silent_runs()
    await watch.end_old_runs()
    assert await state(schedulers) == ("fetching", 1, None)
    await let_pass(schedulers, timedelta(seconds=16))
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 2, None)


async def test_a_clock_set_back_hides_no_silence(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch()
    await watch.forgive_a_jump()
    schedulers.clock.set(NOW - 100 * HOUR)
    await watch.forgive_a_jump()
    await let_pass(schedulers, timedelta(seconds=16))
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 2, None)


async def test_clocks_of_schedulers_that_are_apart_make_no_run_silent(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    for apart in (HOUR, -HOUR):
        other = replace(schedulers, clock=SetClock(NOW + apart))
        await other.watch().see_to_silent_runs()
        assert await state(schedulers) == ("fetching", 1, None)
    await let_pass(schedulers, timedelta(seconds=16))
    await other.watch().see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 2, None)


async def test_the_databases_clock_set_forward_makes_no_run_silent(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    passed = 0.0
    watch = schedulers.watch(monotonic=lambda: passed)
    await watch.forgive_a_jump()
    passed = -100 * HOUR.total_seconds()  # by so much less than the database's clock has gone on
    await schedulers.db.execute("UPDATE runs SET beat_at = beat_at - $1::interval", 100 * HOUR)
    await watch.forgive_a_jump()
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 1, None)


async def test_a_run_that_comes_to_nothing_ends_after_its_time(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch(hours=2)
    await let_pass(schedulers, 1.9 * HOUR)
    await watch.end_old_runs()
    assert (await state(schedulers))[0] == "fetching"
    await let_pass(schedulers, 0.2 * HOUR)
    await watch.end_old_runs()
    assert await state(schedulers) == ("failed", 1, "time_limit")


async def test_a_run_that_is_held_by_a_pause_is_not_ended_nor_at_once_when_that_is_over(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch(hours=2)
    await schedulers.db.execute("UPDATE runs SET status = 'planning'")
    await pause_applies(schedulers.db, reason="", login=None, now=schedulers.clock.now())
    await let_pass(schedulers, 50 * HOUR)
    await watch.end_old_runs()
    assert (await state(schedulers))[0] == "planning"
    await resume_applies(schedulers.db, now=schedulers.clock.now())
    await let_pass(schedulers, 1 * HOUR)
    await watch.end_old_runs()
    assert (await state(schedulers))[0] == "planning"
    await let_pass(schedulers, 1.1 * HOUR)
    await watch.end_old_runs()
    assert await state(schedulers) == ("failed", 1, "time_limit")


async def test_a_run_that_applies_is_not_ended(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    await schedulers.db.execute("UPDATE runs SET status = 'applying'")
    await let_pass(schedulers, 50 * HOUR)
    await schedulers.watch().end_old_runs()
    assert (await state(schedulers))[0] == "applying"


async def test_a_run_that_nobody_takes_up_is_asked_for_ever_more_seldom_and_not_given_up(
    schedulers: Schedulers,
) -> None:
    await start_run(schedulers)
    await schedulers.db.execute("UPDATE runs SET taken_up_at = NULL")
    watch = schedulers.watch()
    for _ in range(3600 // 5):
        await let_pass(schedulers, timedelta(seconds=5))
        await watch.see_to_silent_runs()
    status, attempt, _ = await state(schedulers)
    assert status == "fetching"
    assert 8 < attempt < 14


async def test_a_run_far_back_in_a_crowd_is_not_silent_while_those_before_it_are_taken_up(
    schedulers: Schedulers,
) -> None:
    await start_run(schedulers)
    await schedulers.db.execute("UPDATE runs SET taken_up_at = NULL")
    waiting = (await schedulers.runs())[0]["id"]
    watch = schedulers.watch()
    for minute in range(1, 20):
        await let_pass(schedulers, timedelta(minutes=1))
        await schedulers.db.execute("DELETE FROM runs WHERE id <> $1", waiting)
        await one_before(schedulers, waited=timedelta(minutes=minute))
        await watch.see_to_silent_runs()
    row = await schedulers.db.fetchrow("SELECT attempt FROM runs WHERE id = $1", waiting)
    assert row
    assert row["attempt"] == 1
    await schedulers.db.execute("DELETE FROM runs WHERE id <> $1", waiting)
    await let_pass(schedulers, timedelta(minutes=1))
    await watch.see_to_silent_runs()
    assert (await state(schedulers))[1] == 2, "nobody is taken up any more: it was lost"


async def test_a_run_that_fell_silent_is_seen_behind_a_crowd_that_waits_to_be_taken_up(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 1)
    waiting = await add_imports(schedulers.db, managers, None, now=NOW, count=600)
    for made in waiting:
        await one_before(schedulers, waited=timedelta(), made=made)
    await schedulers.db.execute("UPDATE runs SET taken_up_at = NULL")
    await let_pass(schedulers, timedelta(seconds=1))
    silent = await schedulers.new_import(None)
    await one_before(schedulers, waited=timedelta(), made=silent)
    await schedulers.db.execute(
        """UPDATE runs SET setup = i.setup || '{"name": "N", "manager_name": "M", "fields": [], "scheduled": false}'
        FROM imports i WHERE i.id = runs.import_id"""
    )
    await let_pass(schedulers, timedelta(seconds=20))
    await schedulers.watch().see_to_silent_runs()
    attempts = await schedulers.db.fetch("SELECT id, attempt FROM runs WHERE attempt > 1")
    assert [tuple(row) for row in attempts] == [(silent, 2)]


async def one_before(schedulers: Schedulers, *, waited: timedelta, made: UUID | None = None) -> None:
    made = made or await schedulers.new_import(None)
    await schedulers.db.execute(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, attempt, setup, setup_fingerprint,
            queued_at, beat_at, taken_up_at, waited_ms)
        SELECT id, id, manager_id, 'now', false, 'fetching', 1, '{}', '', $2, clock_timestamp(), $2, $3
        FROM imports WHERE id = $1""",
        made,
        schedulers.clock.now(),
        round(waited.total_seconds() * 1000),
    )
