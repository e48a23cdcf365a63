"""Queued runs are started once, fairly among managers, by any number of schedulers."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.scheduler.adapters.due_runs import Claim, claim_queued_runs
from shared.rules.recurrence import Schedule
from shared.store.run_end import Outcome, close_run
from shared.store.runs import request_run
from tests.integration.scheduler.conftest import NOW, OF_MANAGER, Schedulers
from tests.support.scheduled_imports import add_history, add_imports, add_managers
from tests.support.set_clock import SetClock
from tests.support.waiting import until

HOURLY = Schedule(NOW.replace(tzinfo=None), "UTC", "FREQ=HOURLY")


async def due_imports(schedulers: Schedulers, managers: list[UUID], count: int) -> list[UUID]:
    return await add_imports(schedulers.db, managers, HOURLY, now=NOW, due=NOW, count=count)


async def under_way(schedulers: Schedulers) -> Counter[UUID]:
    rows = await schedulers.db.fetch("SELECT manager_id FROM runs WHERE status = 'fetching'")
    return Counter(row["manager_id"] for row in rows)


async def ask(schedulers: Schedulers, import_id: UUID) -> UUID:
    async with schedulers.db.transaction():
        return await request_run(schedulers.db, import_id, trigger="now", now=schedulers.clock.now())


async def test_each_run_is_asked_for_once_and_says_all_that_is_needed(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 3)
    imports = await due_imports(schedulers, managers, 6)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    assert (await dispatcher.start_queued()).started == 6
    assert (await dispatcher.start_queued()).started == 0
    said = await schedulers.db.fetch("SELECT key, body::jsonb AS body FROM outbox WHERE topic = 'import.requested'")
    runs = await schedulers.runs()
    assert {row["key"] for row in said} == {str(run["id"]) for run in runs}
    assert {row["body"]["import_id"] for row in said} == {str(each) for each in imports}
    assert all(row["body"]["source"]["url"] and row["body"]["attempt"] == 1 for row in said)
    assert {(run["status"], run["attempt"], run["started_at"]) for run in runs} == {("fetching", 1, NOW)}
    steps = await schedulers.db.fetch("SELECT step, service, attempt, finished_at FROM run_steps")
    assert [tuple(step) for step in steps] == [("fetching", "scheduler", 1, None)] * 6


async def test_one_manager_waits_for_its_places_and_holds_up_no_other(schedulers: Schedulers) -> None:
    crowded, other = await add_managers(schedulers.db, 2)
    await due_imports(schedulers, [crowded], 50)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    await dispatcher.start_queued()
    assert await under_way(schedulers) == {crowded: OF_MANAGER}
    await due_imports(schedulers, [other], 1)
    await dispatcher.queue_due()
    await dispatcher.start_queued()
    assert await under_way(schedulers) == {crowded: OF_MANAGER, other: 1}


async def test_managers_take_turns_within_one_claim(schedulers: Schedulers) -> None:
    first, second = await add_managers(schedulers.db, 2)
    await due_imports(schedulers, [first], 20)
    await schedulers.dispatcher().queue_due()
    schedulers.clock.go(timedelta(seconds=1))
    await due_imports(schedulers, [second], 3)
    await schedulers.dispatcher().queue_due()
    await schedulers.dispatcher(claims=4, of_manager=20).start_queued()
    assert await under_way(schedulers) == {first: 2, second: 2}


async def test_whoever_asks_comes_first_and_need_not_wait_for_the_schedules_of_the_manager(
    schedulers: Schedulers,
) -> None:
    (manager,) = await add_managers(schedulers.db, 1)
    await due_imports(schedulers, [manager], 30)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    await dispatcher.start_queued()
    (mine,) = await add_imports(schedulers.db, [manager], None, now=NOW)
    asked = await ask(schedulers, mine)
    assert (await dispatcher.start_queued()).started == 1
    assert await schedulers.db.fetchval("SELECT status FROM runs WHERE id = $1", asked) == "fetching"


async def test_a_run_that_ends_wakes_those_that_wait(schedulers: Schedulers) -> None:
    (manager,) = await add_managers(schedulers.db, 1)
    await due_imports(schedulers, [manager], 12)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    tasks = [asyncio.create_task(dispatcher.run_queue())]
    try:
        async with asyncio.timeout(60):
            while (ended := await schedulers.db.fetchval("SELECT count(*) FROM runs WHERE status = 'succeeded'")) < 12:
                rows = await schedulers.db.fetch("SELECT id, attempt FROM runs WHERE status = 'fetching'")
                assert len(rows) <= OF_MANAGER
                for row in rows:
                    async with schedulers.db.transaction():
                        outcome = Outcome("succeeded")
                        await close_run(schedulers.db, row["id"], row["attempt"], outcome, now=NOW, service="scheduler")
        assert ended == 12
    finally:
        tasks[0].cancel()


async def test_many_schedulers_share_the_work_and_none_does_it_twice(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 40)
    await due_imports(schedulers, managers, 400)
    dispatchers = [schedulers.dispatcher(claims=30, of_manager=400) for _ in range(4)]
    await asyncio.gather(*(each.queue_due() for each in dispatchers))
    assert len({run["import_id"] for run in await schedulers.runs()}) == len(await schedulers.runs()) == 400

    async def start(number: int) -> int:
        started = 0
        while claimed := (await dispatchers[number].start_queued()).started:
            started += claimed
        return started

    assert sum(await asyncio.gather(*(start(number) for number in range(4)))) == 400
    said = await schedulers.db.fetchval("SELECT count(DISTINCT key) FROM outbox WHERE topic = 'import.requested'")
    assert said == await schedulers.db.fetchval("SELECT count(*) FROM outbox") == 400


async def test_a_scheduler_that_dies_in_mid_claim_leaves_it_to_others(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 5)
    await due_imports(schedulers, managers, 20)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    async with schedulers.database.pool.acquire() as dying:
        transaction = dying.transaction()
        await transaction.start()
        assert await claim_queued_runs(dying, NOW, 10, of_manager=9) == Claim(started=10, startable=20)
        assert (await dispatcher.start_queued()).started == 10  # the others, while those are locked
        await transaction.rollback()
    assert (await dispatcher.start_queued()).started == 10
    assert await schedulers.db.fetchval("SELECT count(*) FROM outbox WHERE topic = 'import.requested'") == 20


class AskedClock(SetClock):
    """Counts how often it was asked how much time has passed, which is before and after each look at the queue."""

    asked = 0

    def monotonic(self) -> float:
        self.asked += 1
        return super().monotonic()


async def test_what_a_dead_scheduler_held_is_started_within_a_second(schedulers: Schedulers) -> None:
    await ask(schedulers, await schedulers.new_import(None))
    async with schedulers.database.pool.acquire() as dying:
        transaction = dying.transaction()
        await transaction.start()
        assert await claim_queued_runs(dying, NOW, 10, of_manager=9) == Claim(started=1, startable=1)
        clock = AskedClock(NOW)
        waiting = asyncio.create_task(replace(schedulers, clock=clock).dispatcher().run_queue())
        try:
            # A wake-up when it begins to listen may give it a second look at once.
            await until(lambda: clock.asked >= 4, within=5, what="a look after the first")
            await transaction.rollback()
            await until(lambda: under_way(schedulers), within=5, what="a start")
        finally:
            waiting.cancel()


async def test_an_unreadable_set_up_fails_its_own_run_only(schedulers: Schedulers) -> None:
    managers = await add_managers(schedulers.db, 1)
    broken, *_ = await due_imports(schedulers, managers, 3)
    dispatcher = schedulers.dispatcher()
    await dispatcher.queue_due()
    await schedulers.db.execute("UPDATE runs SET setup = '{}' WHERE import_id = $1", broken)
    await dispatcher.start_queued()
    states = {run["import_id"]: (run["status"], run["error_code"]) for run in await schedulers.runs()}
    assert states.pop(broken) == ("failed", "set_up_unreadable")
    assert set(states.values()) == {("fetching", None)}


async def rows_read(schedulers: Schedulers) -> int:
    """Start what is queued, and return how many rows of runs were read for it."""
    counter = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'runs'"
    async with schedulers.db.transaction():
        # What the connection read before is still among the figures for up to a second.
        before = await schedulers.db.fetchval(counter) or 0
        await claim_queued_runs(schedulers.db, schedulers.clock.now(), 100, of_manager=100)
        read = await schedulers.db.fetchval(counter) - before
    await schedulers.finish("unchanged")
    return int(read)


async def test_what_a_start_reads_does_not_grow_with_the_history(schedulers: Schedulers) -> None:
    imports = await due_imports(schedulers, await add_managers(schedulers.db, 1), 20)
    read = []
    for _ in range(2):
        for import_id in imports:
            await ask(schedulers, import_id)
        read.append(await rows_read(schedulers))
        await add_history(schedulers.db, imports, runs=365, now=NOW)
    assert read[1] < 3 * read[0]
