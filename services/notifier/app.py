"""The notifier's wiring."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from faststream.asgi import AsgiFastStream

from services.notifier.adapters.attached_rows import RejectedRows
from services.notifier.adapters.mail_pace import MailPace
from services.notifier.adapters.outgoing_mails import CHANNEL
from services.notifier.adapters.smtp import SmtpConnection
from services.notifier.adapters.webhook_client import WebhookClient
from services.notifier.daily_summaries import DailySummaries
from services.notifier.handlers import NotifierHandlers
from services.notifier.mail_sender import MailSender
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
from shared.objects.store import SealedObjects
from shared.postgres.database import DATABASE_DOWN, Database
from shared.postgres.wakeups import Wakeups
from shared.sealing import Sealer
from shared.service_app import service_app
from shared.service_loops import running

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
    finished_runs = FinishedRuns(database, clock, new_id)
    webhook_wakeups = Wakeups(database.dsn, WEBHOOK_CHANNELS)
    webhooks = _webhooks(settings, database, webhook_wakeups)

    async def on_import_finished(event: ImportFinished) -> None:
        await finished_runs.note(event)
        await handlers.on_import_finished(event)

    delivery.subscribe(topics.IMPORT_FINISHED, on_import_finished, workers=_NOTED_AT_ONCE, unhurried=True)
    delivery.subscribe(topics.IMPORT_WARNED, handlers.on_import_warned, unhurried=True)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database, wakeups, webhook_wakeups:
            await broker.connect()
            async with running(
                delivery,
                {
                    "mail sender": sender.run,
                    "daily summaries": summaries.run,
                    "webhooks": webhooks.run,
                    "webhook wakeups": webhooks.pass_on,
                },
            ):
                yield

    return service_app(delivery, lifespan, {"database": database.answers})


def _attached_rows(settings: Settings) -> RejectedRows | None:
    if not settings.notifier.attached_rows:
        return None
    objects = SealedObjects.from_settings(settings.objects, _sealer(settings))
    return RejectedRows(objects, settings.notifier.attached_rows)


def _webhooks(settings: Settings, database: Database, wakeups: Wakeups) -> WebhookSender:
    clock = SystemClock()
    limits = settings.webhooks
    turn = WebhookTurn(
        database,
        WebhookClient(limits.addresses, clock, seconds=limits.timeout_seconds),
        _sealer(settings),
        clock,
        Chances(new_id, random.SystemRandom().random),
        lease=timedelta(seconds=2 * limits.timeout_seconds),
    )
    return WebhookSender(database, turn, wakeups, clock, new_id, at_once=limits.at_once)


def _sealer(settings: Settings) -> Sealer:
    return Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys])
