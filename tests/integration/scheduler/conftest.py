"""The scheduler's parts against a Postgres of their own, with a clock that tests set."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.scheduler.dispatcher import Dispatcher
from services.scheduler.watch import Limits, Watch
from shared.postgres.database import Database, set_up_connection
from shared.postgres.wakeups import Wakeups
from shared.rules.recurrence import Schedule
from shared.settings import PostgresSettings
from shared.store.run_end import Outcome, close_run
from tests.support.migrated_postgres import migrated_postgres
from tests.support.scheduled_imports import add_imports, add_managers
from tests.support.set_clock import SetClock

NOW = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
OF_MANAGER = 4


@dataclass
class Schedulers:
    """The database behind, and schedulers on it."""

    db: asyncpg.Connection
    clock: SetClock
    database: Database
    wakeups: Wakeups

    def dispatcher(self, *, claims: int = 100, of_manager: int = OF_MANAGER, zone_data: str = "1") -> Dispatcher:
        return Dispatcher(
            self.database,
            self.clock,
            self.wakeups,
            claims=claims,
            of_manager=of_manager,
            zone_data=zone_data,
            monotonic=self.clock.monotonic,
        )

    def watch(self, *, hours: float = 24, monotonic: Callable[[], float] | None = None) -> Watch:
        async def hears() -> bool:
            return True

        limits = Limits(3, timedelta(hours=hours))
        passed = monotonic or self.clock.monotonic
        return Watch(self.database, self.clock, self.wakeups, hears, limits, monotonic=passed)

    async def new_import(self, schedule: Schedule | None, **others: Any) -> UUID:
        (manager,) = await add_managers(self.db, 1)
        (made,) = await add_imports(self.db, [manager], schedule, now=self.clock.now(), **others)
        return made

    async def runs(self, import_id: UUID | None = None) -> list[asyncpg.Record]:
        return await self.db.fetch(
            "SELECT * FROM runs WHERE $1::uuid IS NULL OR import_id = $1 ORDER BY queued_at, id", import_id
        )

    async def finish(self, status: Any = "succeeded", code: str | None = None) -> int:
        """End all runs under way; returns how many."""
        rows = await self.db.fetch("SELECT id, attempt FROM runs WHERE finished_at IS NULL")
        for row in rows:
            async with self.db.transaction():
                outcome = Outcome(status, code, code and "It went wrong.")
                await close_run(self.db, row["id"], row["attempt"], outcome, now=self.clock.now(), service="scheduler")
        return len(rows)

    async def missed(self, import_id: UUID) -> list[tuple[str, int]]:
        rows = await self.db.fetch(
            "SELECT code, occurrences FROM missed_occurrences WHERE import_id = $1 ORDER BY due_at", import_id
        )
        return [(row["code"], row["occurrences"]) for row in rows]

    async def next_at(self, import_id: UUID) -> datetime | None:
        found: datetime | None = await self.db.fetchval("SELECT next_run_at FROM imports WHERE id = $1", import_id)
        return found


@pytest.fixture(scope="session")
def scheduler_dsn() -> Iterator[str]:
    with migrated_postgres() as dsn:
        yield dsn


@pytest.fixture
async def schedulers(scheduler_dsn: str) -> AsyncIterator[Schedulers]:
    db = await asyncpg.connect(scheduler_dsn)
    await set_up_connection(db)
    await db.execute("TRUNCATE managers, outbox, schedule_basis CASCADE")
    await db.execute("TRUNCATE plan_changes, plan_passwords")
    async with AsyncExitStack() as opened:
        settings = PostgresSettings(dsn=SecretStr(scheduler_dsn))
        database = await opened.enter_async_context(Database(settings, "scheduler"))
        wakeups = await opened.enter_async_context(
            Wakeups(scheduler_dsn, ("outbox", "runs_queued", "imports_scheduled", "deadlines_set", "broker_began"))
        )
        yield Schedulers(db, SetClock(NOW), database, wakeups)
    await db.close()
