"""The notifier's handlers against a Postgres and a mail server of their own."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.notifier.adapters.smtp import SmtpSender
from services.notifier.handlers import NotifierHandlers
from services.notifier.settings import MailServer
from shared.events.import_warnings import ImportWarned
from shared.events.runs import ImportFinished
from shared.ids import new_id
from shared.postgres.database import Database
from shared.settings import PostgresSettings
from tests.support.migrated_postgres import migrated_postgres
from tests.unit.services.notifier.finished import ENDED, finished

SENDER = "contacts-sync <cs@example.org>"


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = ENDED

    def now(self) -> datetime:
        return self.time


@dataclass
class Notifiers:
    """Makes notifiers, each with a pool of its own as a process has, and runs that end."""

    db: asyncpg.Connection
    clock: SetClock
    dsn: str
    _open: AsyncExitStack

    async def start(self, smtp_url: str) -> Callable[[ImportFinished], Coroutine[Any, Any, None]]:
        return (await self._handlers(smtp_url)).on_import_finished

    async def start_warning(self, smtp_url: str) -> Callable[[ImportWarned], Coroutine[Any, Any, None]]:
        return (await self._handlers(smtp_url)).on_import_warned

    async def _handlers(self, smtp_url: str) -> NotifierHandlers:
        settings = PostgresSettings(dsn=SecretStr(self.dsn), pool_size=2)
        database = await self._open.enter_async_context(Database(settings, "notifier"))
        send = SmtpSender(MailServer.from_url(smtp_url))
        return NotifierHandlers(database, send, self.clock, sender=SENDER, public_url=None)

    async def ended_run(self, **changes: Any) -> ImportFinished:
        """Return the event of a run that is in the database as well; failed, save for what `changes` says."""
        event = finished(run_id=new_id(), import_id=new_id(), manager_id=new_id(), **changes)
        await self.db.execute(
            "INSERT INTO managers (id, name, created_at) VALUES ($1, 'Staff', $2)", event.manager_id, ENDED
        )
        await self.db.execute(
            "INSERT INTO imports (id, manager_id, name, setup, created_at) VALUES ($1, $2, 'HR file', '{}', $3)",
            event.import_id,
            event.manager_id,
            ENDED,
        )
        await self.db.execute(
            """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint,
            queued_at) VALUES ($1, $2, $3, 'now', false, $4, '{}', '', $5)""",
            event.run_id,
            event.import_id,
            event.manager_id,
            event.status,
            ENDED,
        )
        return event

    async def noted(self, event: ImportFinished) -> asyncpg.Record | None:
        return await self.db.fetchrow("SELECT * FROM mails WHERE run_id = $1", event.run_id)


@pytest.fixture(scope="session")
def notifier_dsn() -> Iterator[str]:
    with migrated_postgres() as dsn:
        yield dsn


@pytest.fixture
async def notifiers(notifier_dsn: str) -> AsyncIterator[Notifiers]:
    db = await asyncpg.connect(notifier_dsn)
    async with AsyncExitStack() as opened:
        yield Notifiers(db, SetClock(), notifier_dsn, opened)
    await db.close()
