"""The notifier's wiring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.asgi import AsgiFastStream

from services.notifier.adapters.smtp import SmtpSender
from services.notifier.handlers import NotifierHandlers
from services.notifier.settings import Settings
from shared import topics
from shared.clock import SystemClock
from shared.kafka.broker import build_broker
from shared.kafka.delivery import Delivery
from shared.postgres.database import DATABASE_DOWN, Database
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
    delivery.subscribe(topics.IMPORT_FINISHED, handlers.on_import_finished, workers=_MAILS_AT_ONCE, unhurried=True)
    delivery.subscribe(topics.IMPORT_WARNED, handlers.on_import_warned, unhurried=True)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database:
            await broker.connect()
            yield

    return service_app(delivery, lifespan, {"database": database.answers})
