"""The notifier's wiring."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from faststream.asgi import AsgiFastStream

from services.notifier.adapters.smtp import SmtpSender
from services.notifier.adapters.webhook_client import WebhookClient
from services.notifier.handlers import NotifierHandlers
from services.notifier.settings import Settings
from services.notifier.webhooks.finished_runs import FinishedRuns
from services.notifier.webhooks.sender import CHANNELS as WEBHOOK_CHANNELS
from services.notifier.webhooks.sender import WebhookSender
from services.notifier.webhooks.turn import Chances, WebhookTurn
from shared import topics
from shared.clock import SystemClock
from shared.events.runs import ImportFinished
from shared.ids import new_id
from shared.kafka.broker import build_broker
from shared.kafka.delivery import Delivery
from shared.postgres.database import DATABASE_DOWN, Database
from shared.postgres.wakeups import Wakeups
from shared.sealing import Sealer
from shared.service_app import service_app

_MAILS_AT_ONCE = 4
"""Mails sent side by side in one process, of different partitions: one that is put off holds up its partition only."""


def create_app(settings: Settings) -> AsgiFastStream:
    """Build everything and open nothing."""
    clock = SystemClock()
    broker = build_broker(settings.kafka, "notifier")
    delivery = Delivery(broker, "notifier", settings.kafka, clock, also_down=DATABASE_DOWN)
    database = Database(settings.postgres, "notifier")
    handlers = NotifierHandlers(
        database,
        SmtpSender(settings.notifier.server),
        clock,
        sender=settings.notifier.sender,
        public_url=settings.web.public_url,
    )
    finished_runs = FinishedRuns(database, clock, new_id)
    wakeups = Wakeups(database.dsn, WEBHOOK_CHANNELS)
    webhooks = _webhooks(settings, database, wakeups)

    async def on_import_finished(event: ImportFinished) -> None:
        # First, so that a mail that no server takes does not hold webhooks up.
        await finished_runs.note(event)
        await handlers.on_import_finished(event)

    delivery.subscribe(topics.IMPORT_FINISHED, on_import_finished, workers=_MAILS_AT_ONCE, unhurried=True)
    delivery.subscribe(topics.IMPORT_WARNED, handlers.on_import_warned, unhurried=True)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database, wakeups:
            await broker.connect()
            loops = [
                asyncio.create_task(webhooks.run(), name="webhooks"),
                asyncio.create_task(webhooks.pass_on(), name="webhook wakeups"),
            ]
            try:
                yield
            finally:
                for loop in loops:
                    loop.cancel()
                await asyncio.gather(*loops, return_exceptions=True)

    return service_app(delivery, lifespan, {"database": database.answers})


def _webhooks(settings: Settings, database: Database, wakeups: Wakeups) -> WebhookSender:
    clock = SystemClock()
    limits = settings.webhooks
    turn = WebhookTurn(
        database,
        WebhookClient(limits.addresses, clock, seconds=limits.timeout_seconds),
        Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys]),
        clock,
        Chances(new_id, random.SystemRandom().random),
        lease=timedelta(seconds=2 * limits.timeout_seconds),
    )
    return WebhookSender(database, turn, wakeups, clock, new_id, at_once=limits.at_once)
