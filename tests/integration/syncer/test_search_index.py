"""The search of contacts follows them, whatever is done to them and whenever its work is cut off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.syncer.adapters.search_index import BATCH, index_some
from services.syncer.search_indexer import CHANNELS, SearchIndexer
from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.wakeups import Wakeups
from shared.store.managers import FieldView, create_manager, delete_manager
from shared.store.searchable_fields import SearchLag
from tests.integration.syncer.conftest import EMAIL, KEY, NAME, NOW, STREET, TOWN, Searched
from tests.support.waiting import until

_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO contact_search%'"


@contextlib.asynccontextmanager
async def running(indexer: SearchIndexer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(indexer.run()), asyncio.create_task(indexer.pass_on())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def up_to_date(searched: Searched) -> None:
    async def has_all() -> bool:
        lag = await searched.lag()
        states = await searched.db.fetch("SELECT state FROM search_fields WHERE manager_id = $1", searched.manager_id)
        return lag.total == 0 and {row["state"] for row in states} <= {"filled"}

    await until(has_all, within=60, what="the search has everything")


async def run_at_work(searched: Searched, manager_id: UUID, status: str) -> UUID:
    """Have a run of a manager be under way."""
    import_id, run_id = new_id(), new_id()
    await searched.db.execute(
        "INSERT INTO imports (id, manager_id, name, setup, created_at) VALUES ($1, $2, 'HR', '{}', $3)",
        import_id,
        manager_id,
        NOW,
    )
    await searched.db.execute(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at)
        VALUES ($1, $2, $3, 'now', false, $4, '{}', '', $5)""",
        run_id,
        import_id,
        manager_id,
        status,
        NOW,
    )
    return run_id


async def test_added_changed_and_deleted_contacts_are_followed(searched: Searched) -> None:
    await searched.mark(NAME, EMAIL)
    await searched.put("1", Name="Änne", Email="A@example.com", Town="Ulm")
    await searched.put("2", Name="Bob")
    await searched.index()
    first = {("1", NAME, "anne"), ("1", EMAIL, "a@example.com"), ("2", NAME, "bob")}
    assert await searched.entries() == first
    assert await searched.find("ANN") == [("1", ["Name"])]
    await searched.put("1", Name="Zoe")
    await searched.delete("2")
    assert (await searched.lag()).changes == 2
    assert await searched.entries() == first
    assert await searched.find("ANN") == []
    assert await searched.find("Bob") == []
    await searched.index()
    assert await searched.entries() == {("1", NAME, "zoe")}
    await searched.put("2", Name="Bobby")
    await searched.delete("2")
    await searched.put("2", Name="Back")
    await searched.index()
    assert await searched.entries() == {("1", NAME, "zoe"), ("2", NAME, "back")}
    assert (await searched.lag()).total == 0


async def test_taking_in_again_changes_nothing(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.fill(50, of=50)
    await searched.delete("0000007")
    await searched.put("0000008", Name="Other")
    await searched.index()
    entries = await searched.entries()
    assert len(entries) == 49
    before = await searched.db.fetch("SELECT xmin, ctid, unique_id FROM contact_search ORDER BY unique_id")
    await searched.db.execute("UPDATE search_cursors SET indexed_number = 0")
    assert await searched.index() == 1
    assert await searched.entries() == entries
    assert await searched.db.fetch("SELECT xmin, ctid, unique_id FROM contact_search ORDER BY unique_id") == before


async def test_a_first_load_is_taken_in_a_little_at_a_time(searched: Searched) -> None:
    await searched.mark(NAME, EMAIL)
    await searched.index()
    await searched.fill(2 * BATCH + 1)
    for left in (2 * BATCH + 1, BATCH + 1, 1, 0):
        assert await searched.lag() == SearchLag(left, {})
        assert len(await searched.entries()) == 2 * (2 * BATCH + 1 - left)
        await searched.index(at_most=1)
    assert await searched.find("p2000@") == [("0002000", ["Email"])]


async def test_a_newly_marked_field_is_filled_while_contacts_change(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.fill(BATCH + 10)
    await searched.index()
    await searched.mark(NAME, EMAIL)
    assert (await searched.lag()).contacts == {EMAIL: BATCH + 10}
    assert await searched.index(at_most=1) == 1
    assert (await searched.lag()).contacts == {EMAIL: 10}
    await searched.put("0000003", Name="Early", Email="early@example.com")
    await searched.put("0001005", Name="Late", Email="late@example.com")
    await searched.delete("0000004")
    await searched.delete("0001006")
    await searched.index()
    rows = await searched.db.fetch("SELECT unique_id, fields FROM contacts")
    wanted = {
        (row["unique_id"], number, row["fields"][str(number)].lower()) for row in rows for number in (NAME, EMAIL)
    }
    assert await searched.entries() == wanted
    assert (await searched.lag()).total == 0


async def test_an_unmarked_field_is_emptied_and_may_be_marked_again_meanwhile(searched: Searched) -> None:
    await searched.mark(NAME, EMAIL)
    await searched.fill(BATCH + 10)
    await searched.index()
    await searched.mark(NAME)
    assert await searched.find("p1@") == []
    assert await searched.index(at_most=1) == 1
    await searched.mark(NAME, EMAIL)
    await searched.delete("0000003")
    await searched.put("0000004", Name="Other")
    await searched.index()
    entries = await searched.entries()
    assert len(entries) == 2 * (BATCH + 9) - 1
    assert await searched.find("p1@") == [("0000001", ["Email"])]
    await searched.mark()
    await searched.index()
    assert await searched.entries() == set()
    assert await searched.db.fetchval("SELECT count(*) FROM search_cursors") == 0


async def test_a_mark_taken_back_before_anything_was_emptied_loses_nothing(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.put("1", Name="Ann")
    await searched.index()
    await searched.mark()
    await searched.put("2", Name="Anna")
    await searched.mark(NAME)
    await searched.index()
    assert await searched.entries() == {("1", NAME, "ann"), ("2", NAME, "anna")}


async def test_a_batch_that_is_cut_off_leaves_nothing_and_is_done_again(searched: Searched) -> None:
    """Another transaction keeps the batch in its middle until its connection is ended, as by a kill."""
    await searched.mark(NAME)
    await searched.fill(5, of=5)
    await searched.index()
    await searched.fill(5, first=105)
    holding = searched.db.transaction()
    await holding.start()
    await searched.db.execute(
        "INSERT INTO contact_search (manager_id, unique_id, field, value) VALUES ($1, '0000107', $2, 'held')",
        searched.manager_id,
        NAME,
    )
    looking = await asyncpg.connect(searched.database.dsn)
    cut_off = asyncio.create_task(searched.index())
    await until(lambda: looking.fetchval(_WAITS), within=30, what="the batch waits in its middle")
    await looking.execute(f"SELECT pg_terminate_backend(pid) FROM ({_WAITS.replace('count(*)', 'pid')}) AS w")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await cut_off
    await holding.rollback()
    await looking.close()
    assert len(await searched.entries()) == 5
    assert (await searched.lag()).changes == 5
    async with running(searched.indexer()):
        await up_to_date(searched)
    assert len(await searched.entries()) == 10


async def test_two_processes_never_work_on_one_manager(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.put("1", Name="Ann")
    async with searched.database.pool.acquire() as first, first.transaction():
        await first.execute("SELECT FROM search_cursors WHERE manager_id = $1 FOR UPDATE", searched.manager_id)
        async with searched.database.pool.acquire() as second:
            assert not await index_some(second, searched.manager_id)
    assert await searched.entries() == set()
    async with Wakeups(searched.database.dsn, CHANNELS) as wakeups:
        other = SearchIndexer(searched.database, wakeups)
        async with running(searched.indexer()), running(other):
            await searched.fill(5 * BATCH, first=2)
            await searched.db.execute("SELECT pg_notify('contacts_changed', '')")
            await up_to_date(searched)
    assert len(await searched.entries()) == 5 * BATCH + 1


async def test_marks_and_changes_wake_the_indexer(searched: Searched) -> None:
    async with running(searched.indexer()):
        await searched.put("1", Name="Ann")
        await searched.mark(NAME)
        await up_to_date(searched)
        await searched.put("2", Name="Anna")
        await up_to_date(searched)
        await searched.mark()

        async def has_nothing() -> bool:
            return not await searched.entries()

        await until(has_nothing, within=30, what="the search is emptied")


@pytest.mark.parametrize("status", ["planning", "applying"])
async def test_it_waits_while_a_run_of_the_manager_is_planned_or_applied(searched: Searched, status: str) -> None:
    await searched.mark(NAME)
    await searched.put("1", Name="Ann")
    run_id = await run_at_work(searched, searched.manager_id, status)
    assert await searched.indexer().index_all()
    assert await searched.entries() == set()
    async with running(searched.indexer()):
        await searched.db.execute("UPDATE runs SET status = 'failed', finished_at = $2 WHERE id = $1", run_id, NOW)
        await up_to_date(searched)
    assert await searched.entries() == {("1", NAME, "ann")}


async def test_it_goes_on_beside_runs_of_others(searched: Searched) -> None:
    other = await create_manager(searched.db, "Others", [FieldView(name="No")], now=NOW)
    await run_at_work(searched, other, "applying")
    await searched.mark(NAME)
    await searched.put("1", Name="Ann")
    assert not await searched.indexer().index_all()
    assert await searched.entries() == {("1", NAME, "ann")}


async def test_a_manager_without_searchable_fields_costs_nothing(searched: Searched) -> None:
    await searched.fill(100)
    await searched.put("1", Name="Ann")
    assert not await searched.indexer().index_all()
    assert await searched.index() == 0
    for table in ("contact_search", "search_cursors", "search_fields"):
        assert await searched.db.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_manager_that_is_deleted_takes_its_search_along(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.fill(3)
    await searched.index()
    assert await searched.entries()
    await searched.db.execute("INSERT INTO contact_search VALUES ($1, 'other', 1, 'stays')", uuid4())
    async with searched.db.transaction():
        await delete_manager(searched.db, searched.manager_id)
    assert await searched.index() == 0
    assert await searched.db.fetchval("SELECT count(*) FROM contact_search") == 1
    assert await searched.db.fetchval("SELECT count(*) FROM search_cursors") == 0


async def test_three_fields_at_most_and_never_the_key(searched: Searched) -> None:
    for numbers, code in (
        ((NAME, EMAIL, TOWN, STREET), "too_many_searchable"),
        ((KEY,), "key_searchable"),
    ):
        with pytest.raises(UserError) as told:
            await searched.mark(*numbers)
        assert told.value.code == code
    await searched.mark(NAME, EMAIL, TOWN)
    await searched.mark(NAME, TOWN, STREET)


async def test_long_values_are_kept_short(searched: Searched) -> None:
    await searched.mark(NAME)
    await searched.put("x" * 2_000, Name="é" * 100_000)
    await searched.put("y" * 2_000, Name="\U0001f600" * 1_000)
    await searched.index()
    assert [len(value) for _, _, value in await searched.entries()] == [64, 64]
    assert await searched.find("E" * 300) == [("x" * 2_000, ["Name"])]
    assert await searched.find("E" * 300 + "x") == [("x" * 2_000, ["Name"])]
