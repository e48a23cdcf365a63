"""Senders of webhooks against a Postgres and receivers of their own."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.notifier.adapters.webhook_client import WebhookClient
from services.notifier.webhooks.finished_runs import FinishedRuns
from services.notifier.webhooks.sender import CHANNELS, WebhookSender
from services.notifier.webhooks.turn import Chances, WebhookTurn
from shared.events.runs import ImportFinished
from shared.ids import new_id
from shared.network.addresses import AddressRule
from shared.postgres.database import Database, set_up_connection
from shared.postgres.wakeups import Wakeups
from shared.rules.webhook_secret import secret_text
from shared.sealing import Sealer
from shared.settings import PostgresSettings
from shared.store import webhooks as store
from shared.store.edit_contacts import ContactEdit, delete_contact, put_contact
from shared.store.managers import FieldView, create_manager, get_manager, set_key_field
from shared.store.webhook_deliveries import DeliveryView, list_deliveries
from shared.store.webhooks import SECRET_PURPOSE, WebhookEvent, WebhookPlan, WebhookView
from tests.support.waiting import until
from tests.unit.services.notifier.finished import finished

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
KEY = bytes(32)
SEALER = Sealer([KEY])
SECRET = secret_text(bytes(range(32)))
DEADLINE = 20
SECONDS = 1.0
LOOPBACK_ALLOWED = [ip_network("127.0.0.0/8")]
FIELDS = ("No", "Name", "Portal")


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Webhooks:
    """Makes webhooks, what they tell of, and senders, each with a pool of its own as a process has."""

    db: asyncpg.Connection
    dsn: str
    clock: SetClock
    _wakeups: list[Wakeups]

    async def made(self, url: str, *events: WebhookEvent, manager_id: UUID | None = None, secret: str = SECRET) -> UUID:
        plan = WebhookPlan(url, events or ("import.finished",), manager_id)
        async with self.db.transaction():
            return await store.create_webhook(self.db, plan, SEALER.seal(secret, SECRET_PURPOSE), now=self.clock.now())

    async def view(self, webhook_id: UUID) -> WebhookView:
        return await store.get_webhook(self.db, webhook_id, now=self.clock.now())

    async def messages(self, webhook_id: UUID) -> list[DeliveryView]:
        """Return a webhook's messages, the oldest first."""
        return (await list_deliveries(self.db, webhook_id, before=None, limit=1000))[::-1]

    async def finish(self, **changes: Any) -> ImportFinished:
        """Note the end of a run, as the handler does."""
        event = finished(event_id=new_id(), run_id=new_id(), **changes)
        await self.note(event)
        return event

    async def note(self, event: ImportFinished) -> None:
        async with Database(PostgresSettings(dsn=SecretStr(self.dsn), pool_size=2), "notifier") as database:
            await FinishedRuns(database, self.clock, new_id).note(event)

    @asynccontextmanager
    async def sending(
        self, *, allowed: Sequence[Any] = LOOPBACK_ALLOWED, at_once: int = 8, sealer: Sealer = SEALER
    ) -> AsyncIterator[None]:
        """Let a sender run; a try has a second."""
        settings = PostgresSettings(dsn=SecretStr(self.dsn), pool_size=4)
        wakeups = Wakeups(self.dsn, CHANNELS)
        async with Database(settings, "notifier") as database, wakeups:
            client = WebhookClient(AddressRule(list(allowed), "A_SETTING"), self.clock, seconds=SECONDS)
            chances = Chances(new_id, lambda: 0.5)
            turn = WebhookTurn(database, client, sealer, self.clock, chances, lease=timedelta(seconds=2 * SECONDS))
            sender = WebhookSender(database, turn, wakeups, self.clock, new_id, at_once=at_once)
            self._wakeups.append(wakeups)
            loops = [asyncio.create_task(sender.run()), asyncio.create_task(sender.pass_on())]
            try:
                yield
            finally:
                self._wakeups.remove(wakeups)
                for loop in loops:
                    loop.cancel()
                ended = await asyncio.gather(*loops, return_exceptions=True)
                assert [each for each in ended if not isinstance(each, asyncio.CancelledError)] == []

    def move(self, **by: float) -> None:
        """Move the clock on, and let all senders look at it."""
        self.clock.time += timedelta(**by)
        for wakeups in self._wakeups:
            wakeups.wake(store.CHANNEL)

    async def tried(self, webhook_id: UUID, tries: int) -> DeliveryView:
        """Wait until the newest message was tried so often, and return it."""

        async def message() -> DeliveryView | None:
            newest = (await self.messages(webhook_id))[-1:]
            return newest[0] if newest and newest[0].tries >= tries else None

        return await until(message, within=DEADLINE, what=f"the newest message was tried {tries} times")

    async def all_taken(self, webhook_id: UUID, count: int = 0) -> WebhookView:
        """Wait until a webhook has been told all there is, in at least so many messages, and return it."""

        async def told() -> WebhookView | None:
            view = await self.view(webhook_id)
            waits = view.messages_waiting.count or view.changes_behind
            taken = [each for each in await self.messages(webhook_id) if each.state == "delivered"]
            return None if waits or len(taken) < count else view

        return await until(told, within=DEADLINE, what="the receiver has taken all messages")

    async def manager(self, name: str = "People") -> UUID:
        async with self.db.transaction():
            manager_id = await create_manager(self.db, name, [FieldView(name=each) for each in FIELDS], now=NOW)
            await set_key_field(self.db, manager_id, 1)
        return manager_id

    async def put(self, manager_id: UUID, unique_id: str, name: str) -> None:
        async with self.db.transaction():
            manager = await get_manager(self.db, manager_id, lock=True)
            await put_contact(self.db, manager, ContactEdit(unique_id, {2: name}), now=self.clock.now())

    async def put_many(self, manager_id: UUID, count: int, *, first: int = 1, name: str = "Name") -> None:
        async with self.db.transaction():
            manager = await get_manager(self.db, manager_id, lock=True)
            for number in range(first, first + count):
                edit = ContactEdit(f"{number:05}", {2: f"{name} {number}"})
                await put_contact(self.db, manager, edit, now=self.clock.now())

    async def delete(self, manager_id: UUID, unique_id: str) -> None:
        async with self.db.transaction():
            manager = await get_manager(self.db, manager_id, lock=True)
            await delete_contact(self.db, manager, unique_id, now=self.clock.now())

    async def contacts(self, manager_id: UUID) -> dict[str, dict[str, str]]:
        """Return by unique id what the contacts hold, by name of field."""
        rows = await self.db.fetch("SELECT unique_id, fields FROM contacts WHERE manager_id = $1", manager_id)
        return {
            row["unique_id"]: {FIELDS[int(number) - 1]: value for number, value in row["fields"].items()}
            for row in rows
        }


@pytest.fixture
async def webhooks(notifier_dsn: str) -> AsyncIterator[Webhooks]:
    async with AsyncExitStack() as opened:
        db = await asyncpg.connect(notifier_dsn)
        opened.push_async_callback(db.close)
        await set_up_connection(db)
        await db.execute("TRUNCATE managers, webhooks CASCADE")
        await db.execute("TRUNCATE contacts, plan_changes")
        yield Webhooks(db, notifier_dsn, SetClock(), [])


def sealing_key() -> str:
    """Return the key of `SEALER` as the settings take it."""
    return base64.b64encode(KEY).decode()
