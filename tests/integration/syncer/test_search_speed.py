"""A page of contacts costs what it shows: among 100,000 contacts as among 1,000, at the beginning and far in."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from shared.postgres.database import Connection
from shared.store.contacts import latest_contacts, list_contacts
from shared.store.managers import FieldView, Manager, create_manager, get_manager, set_key_field
from shared.store.search_contacts import Place, search_contacts
from tests.integration.syncer.conftest import EMAIL, FIELDS, KEY, NAME, NOW, Searched
from tests.support.migrated_postgres import migrated_postgres

FEW, MANY = 1_000, 100_000
PAGE = 50
MOST_TIMES = 2
"""An index of a hundred times as many entries is a level deeper."""
_TUPLES = """
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables
WHERE relname IN ('contacts', 'contact_search')
"""


@pytest.fixture
def syncer_dsn() -> Iterator[str]:
    """A Postgres for each test: nobody has analysed its tables yet."""
    with migrated_postgres() as dsn:
        yield dsn


class Explained:
    """A connection that adds up the blocks that its queries read."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.blocks = 0

    def transaction(self, **options: Any) -> Any:
        return self._connection.transaction(**options)

    async def execute(self, query: str) -> str:
        return await self._connection.execute(query)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        plan = await self._connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *arguments)
        (top,) = json.loads(plan)
        self.blocks += top["Plan"]["Shared Hit Blocks"] + top["Plan"]["Shared Read Blocks"]
        rows: list[asyncpg.Record] = await self._connection.fetch(query, *arguments)
        return rows


Read = Callable[[Connection, Manager, int], Awaitable[Any]]


def _id(contacts: int, share: float) -> str:
    return f"{int(contacts * share):07}"


READS: dict[str, Read] = {
    "by unique id": lambda db, of, _: list_contacts(db, of, after=None, limit=PAGE),
    "by unique id, far in": lambda db, of, n: list_contacts(db, of, after=_id(n, 0.9), limit=PAGE),
    "unique ids that begin so, far in": lambda db, of, n: list_contacts(
        db, of, after=_id(n, 0.9), limit=PAGE, prefix="00"
    ),
    "latest changes": lambda db, of, _: latest_contacts(db, of, before=None, limit=PAGE),
    "latest changes, far in": lambda db, of, n: latest_contacts(db, of, before=n // 2, limit=PAGE),
    "found by their unique ids": lambda db, of, _: search_contacts(db, of, "00", after=None, limit=PAGE),
    "found by a field": lambda db, of, _: search_contacts(db, of, "name", after=None, limit=PAGE),
    "found by a field, far in": lambda db, of, n: search_contacts(
        db, of, "NAME", after=Place(NAME, "name 00000", _id(n, 0.9)), limit=PAGE
    ),
    "found by the second field": lambda db, of, _: search_contacts(db, of, "p", after=None, limit=PAGE),
    "found nowhere": lambda db, of, _: search_contacts(db, of, "nobody", after=None, limit=PAGE),
}


async def manager_of(searched: Searched, contacts: int) -> Manager:
    """Make a manager with so many contacts, all of one name, and index them."""
    async with searched.db.transaction():
        manager_id: UUID = await create_manager(
            searched.db, str(contacts), [FieldView(name=name) for name in FIELDS], now=NOW
        )
        await set_key_field(searched.db, manager_id, KEY)
    searched.manager_id = manager_id
    await searched.mark(NAME, EMAIL)
    await searched.fill(contacts)
    await searched.index()
    return await get_manager(searched.db, manager_id)


async def test_pages_cost_what_they_show(searched: Searched) -> None:
    managers = {contacts: await manager_of(searched, contacts) for contacts in (FEW, MANY)}
    costs: dict[str, dict[str, list[int]]] = {}
    for known in ("as left behind", "analysed"):
        if known == "analysed":
            await searched.db.execute("VACUUM ANALYZE contacts, contact_search, contact_passwords")
        for name, read in READS.items():
            for contacts, manager in managers.items():
                explained = Explained(searched.db)
                await read(cast("Connection", explained), manager, contacts)
                costs.setdefault(known, {}).setdefault(name, []).append(explained.blocks)
    too_much = {
        (known, name): blocks
        for known, reads in costs.items()
        for name, blocks in reads.items()
        if blocks[1] > MOST_TIMES * blocks[0]
    }
    assert too_much == {}, costs


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
async def test_pages_read_what_they_show_by_plans_that_are_kept(searched: Searched, mode: str) -> None:
    manager = await manager_of(searched, 20 * FEW)
    await searched.db.execute(f"SET plan_cache_mode = {mode}")
    read_rows = {}
    for name, read in READS.items():
        async with searched.db.transaction():
            before = await searched.db.fetchval(_TUPLES)
            await read(searched.db, manager, 20 * FEW)
            read_rows[name] = await searched.db.fetchval(_TUPLES) - before
    assert {name: rows for name, rows in read_rows.items() if rows > 5 * PAGE} == {}
