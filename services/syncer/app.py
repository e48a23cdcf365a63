"""The syncer's wiring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pyarrow as pa
from faststream.asgi import AsgiFastStream

from services.syncer.adapters.staging_tables import CLEARED, sweep
from services.syncer.applier import Applier
from services.syncer.change_feed import BROKER_BEGAN, CHANNEL, ChangeFeed
from services.syncer.handlers import SyncerHandlers
from services.syncer.search_indexer import CHANNELS as SEARCH_CHANNELS
from services.syncer.search_indexer import SearchIndexer
from services.syncer.settings import Settings
from shared import topics
from shared.clock import SystemClock
from shared.kafka.broker import build_broker
from shared.kafka.bulk_publisher import BulkPublisher
from shared.kafka.delivery import Delivery
from shared.password_hashing import PasswordHashes
from shared.postgres.database import DATABASE_DOWN, Database
from shared.postgres.wakeups import Wakeups
from shared.sealing import Sealer
from shared.service_app import service_app
from shared.service_loops import Loop, running


def create_app(settings: Settings) -> AsgiFastStream:
    """Build everything and open nothing."""
    # As fast here as Arrow's own pool, which keeps twice as much of what was freed.
    pa.set_memory_pool(pa.system_memory_pool())
    clock = SystemClock()
    broker = build_broker(settings.kafka, "syncer")
    delivery = Delivery(broker, "syncer", settings.kafka, clock, also_down=DATABASE_DOWN)
    sealer = Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys])
    database = Database(settings.postgres, "syncer")
    applier = Applier(database, sealer, clock, PasswordHashes(settings.passwords), at_once=settings.syncer.applies)
    wakeups = Wakeups(database.dsn, (CHANNEL, CLEARED, BROKER_BEGAN))
    feed = ChangeFeed(database, BulkPublisher(settings.kafka, "syncer"), clock, wakeups)
    search_wakeups = Wakeups(database.dsn, SEARCH_CHANNELS)
    search = SearchIndexer(database, search_wakeups)
    handlers = SyncerHandlers(database, applier, clock)
    delivery.subscribe(topics.FILE_FETCHED, handlers.on_file_fetched)
    delivery.subscribe(topics.ROWS_PARSED, handlers.on_rows_parsed, workers=settings.syncer.batches)
    delivery.subscribe(topics.APPLY_REQUESTED, handlers.on_apply_requested)
    delivery.expect(topics.FILE_FETCHED, topics.ROWS_PARSED, after=topics.IMPORT_REQUESTED)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with database, wakeups, search_wakeups:
            await broker.connect()
            await applier.begin_unfinished()
            loops: dict[str, Loop] = {
                "change feed": feed.run,
                "change feed wakeups": feed.pass_on,
                "search": search.run,
                "search wakeups": search.pass_on,
                "staging sweep": partial(sweep, database.pool, wakeups),
            }
            try:
                async with running(delivery, loops):
                    yield
            finally:
                await applier.stop()

    return service_app(delivery, lifespan, {"database": database.answers})
