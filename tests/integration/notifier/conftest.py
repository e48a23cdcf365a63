"""Notifiers, without their topics, against a Postgres and a mail server of their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.notifier.adapters.attached_rows import RejectedRows
from services.notifier.adapters.mail_pace import MailPace
from services.notifier.adapters.outgoing_mails import CHANNEL
from services.notifier.adapters.smtp import SmtpConnection
from services.notifier.daily_summaries import DailySummaries
from services.notifier.handlers import NotifierHandlers
from services.notifier.mail_sender import MailSender
from services.notifier.settings import MailServer
from shared.events.import_warnings import ImportWarned
from shared.events.runs import ImportFinished
from shared.ids import new_id
from shared.postgres.database import Database, set_up_connection
from shared.postgres.wakeups import Wakeups
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

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Notifier:
    """One notifier: called with an event it notes what is due, and sends all that is due at its clock's time."""

    handlers: NotifierHandlers
    sender: MailSender
    summaries: DailySummaries
    connection: SmtpConnection
    database: Database

    async def __call__(self, event: ImportFinished | ImportWarned) -> None:
        await self.hear(event)
        await self.send()

    async def hear(self, event: ImportFinished | ImportWarned) -> None:
        if isinstance(event, ImportFinished):
            await self.handlers.on_import_finished(event)
        else:
            await self.handlers.on_import_warned(event)

    async def send(self) -> int:
        try:
            return await self.sender.send_due(self.connection)
        finally:
            await self.connection.close()


@dataclass
class Notifiers:
    """Makes notifiers, each with a pool of its own as a process has, and runs that end."""

    db: asyncpg.Connection
    clock: SetClock
    dsn: str
    _open: AsyncExitStack

    async def start(
        self,
        smtp_url: str,
        *,
        rows: RejectedRows | None = None,
        pace: MailPace | None = None,
        connections: int = 1,
        sender: str = SENDER,
    ) -> Notifier:
        settings = PostgresSettings(dsn=SecretStr(self.dsn), pool_size=4)
        database = await self._open.enter_async_context(Database(settings, "notifier"))
        wakeups = await self._open.enter_async_context(Wakeups(self.dsn, (CHANNEL,)))
        made = [SmtpConnection(MailServer.from_url(smtp_url)) for _ in range(connections)]
        return Notifier(
            NotifierHandlers(database, rows, self.clock, sender=SENDER, public_url=None),
            MailSender(database, made, self.clock, wakeups, pace or MailPace(None), sender=sender),
            DailySummaries(database, self.clock, sender=SENDER, public_url=None),
            made[0],
            database,
        )

    async def ended_run(self, **changes: Any) -> ImportFinished:
        """Return the event of a run that is in the database as well; failed, save for what `changes` says."""
        event = finished(**{"run_id": new_id(), "import_id": new_id(), "manager_id": new_id()} | changes)
        await self.db.execute(
            "INSERT INTO managers (id, name, created_at) VALUES ($1, 'Staff', $2) ON CONFLICT DO NOTHING",
            event.manager_id,
            ENDED,
        )
        await self.db.execute(
            """INSERT INTO imports (id, manager_id, name, setup, created_at) VALUES ($1, $2, 'HR file', '{}', $3)
            ON CONFLICT DO NOTHING""",
            event.import_id,
            event.manager_id,
            ENDED,
        )
        await self.db.execute(
            """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint,
            queued_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, '{}', '', $7, $8)""",
            event.run_id,
            event.import_id,
            event.manager_id,
            event.trigger,
            event.dry_run,
            event.status,
            ENDED,
            event.finished_at,
        )
        return event

    async def noted(self, event: ImportFinished) -> asyncpg.Record:
        found = await self.found(event.run_id)
        assert found is not None
        return found

    async def found(self, mail_id: UUID) -> asyncpg.Record | None:
        return await self.db.fetchrow("SELECT * FROM outgoing_mails WHERE id = $1", mail_id)


@pytest.fixture(scope="session")
def notifier_dsn() -> Iterator[str]:
    with migrated_postgres() as dsn:
        yield dsn


@pytest.fixture
async def notifiers(notifier_dsn: str) -> AsyncIterator[Notifiers]:
    db = await asyncpg.connect(notifier_dsn)
    await set_up_connection(db)
    await db.execute("TRUNCATE outgoing_mails, mail_troubles")
    async with AsyncExitStack() as opened:
        yield Notifiers(db, SetClock(), notifier_dsn, opened)
    await db.close()
