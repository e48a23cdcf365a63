"""Runs under way end, or are asked for again, for reasons that hold; a clock that was set is none."""

from datetime import timedelta

from tests.integration.scheduler.conftest import NOW, Schedulers

HOUR = timedelta(hours=1)


async def start_run(schedulers: Schedulers) -> None:
    await schedulers.new_import(None)
    await schedulers.db.execute(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at)
        SELECT id, id, manager_id, 'now', false, 'queued',
            setup || '{"name": "N", "manager_name": "M", "fields": [], "scheduled": false}', '', $1 FROM imports""",
        NOW,
    )
    assert await schedulers.dispatcher().start_queued() == 1


async def state(schedulers: Schedulers) -> tuple[str, int, str | None]:
    (run,) = await schedulers.runs()
    return run["status"], run["attempt"], run["error_code"]


async def test_a_silent_run_is_asked_for_again_and_given_up_in_the_end(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch()
    for attempt in (2, 3):
        schedulers.clock.go(timedelta(seconds=16))
        await watch.see_to_silent_runs()
        assert await state(schedulers) == ("fetching", attempt, None)
    schedulers.clock.go(timedelta(seconds=16))
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
    schedulers.clock.go(timedelta(seconds=16))
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 2, None)


async def test_a_clock_set_back_hides_no_silence(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch()
    await watch.forgive_a_jump()
    schedulers.clock.set(NOW - 100 * HOUR)
    await watch.forgive_a_jump()
    schedulers.clock.go(timedelta(seconds=16))
    await watch.see_to_silent_runs()
    assert await state(schedulers) == ("fetching", 2, None)


async def test_a_run_that_comes_to_nothing_ends_after_its_time(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    watch = schedulers.watch(hours=2)
    schedulers.clock.go(1.9 * HOUR)
    await watch.end_old_runs()
    assert (await state(schedulers))[0] == "fetching"
    schedulers.clock.go(0.2 * HOUR)
    await watch.end_old_runs()
    assert await state(schedulers) == ("failed", 1, "time_limit")


async def test_a_run_that_applies_is_not_ended(schedulers: Schedulers) -> None:
    await start_run(schedulers)
    await schedulers.db.execute("UPDATE runs SET status = 'applying'")
    schedulers.clock.go(50 * HOUR)
    await schedulers.watch().end_old_runs()
    assert (await state(schedulers))[0] == "applying"
