"""The scheduler's wiring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version

from faststream.asgi import AsgiFastStream

from services.scheduler.adapters.old_drafts import OldDrafts
from services.scheduler.adapters.outbox_relay import OutboxRelay
from services.scheduler.dispatcher import Dispatcher
from services.scheduler.handlers import SchedulerHandlers
from services.scheduler.progress import Progress
from services.scheduler.settings import Settings
from services.scheduler.watch import Limits, Watch
from shared import topics
from shared.clock import SystemClock
from shared.kafka.broker import build_broker, is_caught_up
from shared.kafka.delivery import Delivery
from shared.kafka.raw_producer import RawProducer
from shared.postgres.database import DATABASE_DOWN, Database
from shared.postgres.wakeups import Wakeups
from shared.service_app import service_app
from shared.service_loops import running


def create_app(settings: Settings) -> AsgiFastStream:
    """Build everything and open nothing."""
    clock = SystemClock()
    broker = build_broker(settings.kafka, "scheduler")
    delivery = Delivery(broker, "scheduler", settings.kafka, clock, also_down=DATABASE_DOWN)
    database = Database(settings.postgres, "scheduler")
    wakeups = Wakeups(database.dsn, ("outbox", "runs_queued", "imports_scheduled", "deadlines_set", "broker_began"))
    relay = OutboxRelay(database, lambda: RawProducer(settings.kafka, "scheduler"), wakeups)
    dispatcher = Dispatcher(
        database,
        clock,
        wakeups,
        claims=settings.scheduler.claims,
        of_manager=settings.scheduler.runs_of_manager,
        zone_data=version("tzdata"),
    )

    async def hears() -> bool:
        return not relay.stalled and await is_caught_up(broker)

    limits = Limits(settings.scheduler.most_attempts, timedelta(hours=settings.scheduler.run_hours))
    watch = Watch(database, clock, wakeups, hears, limits)
    progress = Progress(database, clock)
    handlers = SchedulerHandlers(database, clock, progress)
    delivery.subscribe(topics.IMPORT_PROGRESSED, handlers.on_import_progressed, unhurried=True, may_be_lost=True)
    delivery.subscribe(topics.IMPORT_STOPPED, handlers.on_import_stopped)
    loops = (
        relay.run,
        dispatcher.run_schedules,
        dispatcher.run_deadlines,
        dispatcher.run_queue,
        progress.run,
        watch.run_silence,
        watch.run_incarnations,
        OldDrafts(database, clock).run,
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database, wakeups:
            await broker.connect()
            async with running(delivery, {loop.__qualname__: loop for loop in loops}):
                yield

    return service_app(delivery, lifespan, {"database": database.answers})
