"""The syncer's parts against a Postgres of their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.syncer.adapters.search_index import index_some
from services.syncer.search_indexer import CHANNELS, SearchIndexer
from shared.postgres.database import Database, set_up_connection
from shared.postgres.wakeups import Wakeups
from shared.settings import PostgresSettings
from shared.store.edit_contacts import ContactEdit, delete_contact, put_contact
from shared.store.managers import FieldView, create_manager, get_manager, set_key_field
from shared.store.search_contacts import search_contacts
from shared.store.searchable_fields import SearchLag, search_lag, set_searchable
from tests.support.migrated_postgres import migrated_postgres

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
FIELDS = ("No", "Name", "Email", "Town", "Street")
KEY, NAME, EMAIL, TOWN, STREET = range(1, 6)
Entries = set[tuple[str, int, str]]


@dataclass
class Searched:
    """A manager with some contacts, and what its search holds."""

    db: asyncpg.Connection
    database: Database
    wakeups: Wakeups
    manager_id: UUID

    def indexer(self) -> SearchIndexer:
        return SearchIndexer(self.database, self.wakeups)

    async def mark(self, *numbers: int) -> None:
        """Make these fields the searchable ones."""
        async with self.db.transaction():
            manager = await get_manager(self.db, self.manager_id, lock=True)
            await set_searchable(self.db, manager, numbers, at="searchable")

    async def put(self, unique_id: str, **values: str) -> None:
        numbered = {FIELDS.index(name) + 1: value for name, value in values.items()}
        async with self.db.transaction():
            manager = await get_manager(self.db, self.manager_id, lock=True)
            await put_contact(self.db, manager, ContactEdit(unique_id, numbered), now=NOW)

    async def delete(self, unique_id: str) -> None:
        async with self.db.transaction():
            manager = await get_manager(self.db, self.manager_id, lock=True)
            await delete_contact(self.db, manager, unique_id, now=NOW)

    async def fill(self, count: int, *, of: int = 1, first: int = 0) -> None:
        """Put so many contacts in as a first load does: each is the log of its own addition."""
        start = await self.db.fetchval("SELECT change_number FROM managers WHERE id = $1", self.manager_id)
        records = [
            (
                self.manager_id,
                f"{number:07}",
                {str(NAME): f"Name {number % of:05}", str(EMAIL): f"p{number}@example.com"},
                start + number - first + 1,
                NOW,
                number + 2,
            )
            for number in range(first, first + count)
        ]
        columns = ["manager_id", "unique_id", "fields", "change_number", "updated_at", "log_line"]
        async with self.db.transaction():
            await self.db.copy_records_to_table("contacts", records=records, columns=columns)
            await self.db.execute(
                """UPDATE managers SET change_number = change_number + $2, contact_count = contact_count + $2
                WHERE id = $1""",
                self.manager_id,
                count,
            )

    async def index(self, *, at_most: int | None = None) -> int:
        """Take in all there is, or some batches of it; returns how many batches there were."""
        batches = 0
        async with self.database.pool.acquire() as connection:
            while (at_most is None or batches < at_most) and await index_some(connection, self.manager_id):
                batches += 1
        return batches

    async def entries(self) -> Entries:
        rows = await self.db.fetch(
            "SELECT unique_id, field, value FROM contact_search WHERE manager_id = $1", self.manager_id
        )
        return {(row["unique_id"], row["field"], row["value"]) for row in rows}

    async def lag(self) -> SearchLag:
        return await search_lag(self.db, self.manager_id)

    async def find(self, text: str) -> list[tuple[str, list[str]]]:
        manager = await get_manager(self.db, self.manager_id)
        found = await search_contacts(self.db, manager, text, after=None, limit=100)
        assert found.next is None
        return [(contact.unique_id, contact.found_in) for contact in found.contacts]


@pytest.fixture(scope="session")
def syncer_dsn() -> Iterator[str]:
    with migrated_postgres() as dsn:
        yield dsn


@pytest.fixture
async def searched(syncer_dsn: str) -> AsyncIterator[Searched]:
    db = await asyncpg.connect(syncer_dsn)
    await set_up_connection(db)
    await db.execute("TRUNCATE managers CASCADE")
    await db.execute("TRUNCATE contacts, contact_passwords, contact_search, plan_changes")
    async with db.transaction():
        manager_id = await create_manager(db, "People", [FieldView(name=name) for name in FIELDS], now=NOW)
        await set_key_field(db, manager_id, KEY)
    async with AsyncExitStack() as opened:
        settings = PostgresSettings(dsn=SecretStr(syncer_dsn))
        database = await opened.enter_async_context(Database(settings, "syncer"))
        wakeups = await opened.enter_async_context(Wakeups(syncer_dsn, CHANNELS))
        yield Searched(db, database, wakeups, manager_id)
    await db.close()
