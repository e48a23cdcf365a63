"""The notifier's wiring."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.asgi import AsgiFastStream

from services.notifier.adapters.attached_rows import RejectedRows
from services.notifier.adapters.mail_pace import MailPace
from services.notifier.adapters.outgoing_mails import CHANNEL
from services.notifier.adapters.smtp import SmtpConnection
from services.notifier.daily_summaries import DailySummaries
from services.notifier.handlers import NotifierHandlers
from services.notifier.mail_sender import MailSender
from services.notifier.settings import Settings
from shared import topics
from shared.clock import SystemClock
from shared.kafka.broker import build_broker
from shared.kafka.delivery import Delivery
from shared.objects.store import SealedObjects
from shared.postgres.database import DATABASE_DOWN, Database
from shared.postgres.wakeups import Wakeups
from shared.sealing import Sealer
from shared.service_app import service_app

_NOTED_AT_ONCE = 4
"""Events handled side by side in one process, of different partitions."""


def create_app(settings: Settings) -> AsgiFastStream:
    """Build everything and open nothing."""
    clock = SystemClock()
    broker = build_broker(settings.kafka, "notifier")
    delivery = Delivery(broker, "notifier", settings.kafka, clock, also_down=DATABASE_DOWN)
    database = Database(settings.postgres, "notifier")
    wakeups = Wakeups(database.dsn, (CHANNEL,))
    mail, public_url = settings.notifier, settings.web.public_url
    handlers = NotifierHandlers(database, _attached_rows(settings), clock, sender=mail.sender, public_url=public_url)
    sender = MailSender(
        database,
        [SmtpConnection(mail.server) for _ in range(mail.connections)],
        clock,
        wakeups,
        MailPace(mail.per_minute),
        sender=mail.sender,
    )
    summaries = DailySummaries(database, clock, sender=mail.sender, public_url=public_url)
    delivery.subscribe(topics.IMPORT_FINISHED, handlers.on_import_finished, workers=_NOTED_AT_ONCE, unhurried=True)
    delivery.subscribe(topics.IMPORT_WARNED, handlers.on_import_warned, unhurried=True)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database, wakeups:
            await broker.connect()
            loops = [
                asyncio.create_task(sender.run(), name="mail sender"),
                asyncio.create_task(summaries.run(), name="daily summaries"),
            ]
            try:
                yield
            finally:
                for loop in loops:
                    loop.cancel()
                await asyncio.gather(*loops, return_exceptions=True)

    return service_app(delivery, lifespan, {"database": database.answers})


def _attached_rows(settings: Settings) -> RejectedRows | None:
    keys = [key.get_secret_value() for key in settings.secrets.keys]
    if not keys or not settings.notifier.attached_rows:
        return None
    objects = SealedObjects.from_settings(settings.objects, Sealer.from_base64(keys))
    return RejectedRows(objects, settings.notifier.attached_rows)
