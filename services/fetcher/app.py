"""The fetcher's wiring."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.asgi import AsgiFastStream

from services.fetcher.adapters.ftp_transport import FtpTransport
from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.adapters.sftp_transport import SftpTransport
from services.fetcher.adapters.text_store import TextStore
from services.fetcher.connection_test import ConnectionTester
from services.fetcher.downloads import Downloads
from services.fetcher.handlers import FetcherHandlers
from services.fetcher.ports import FileTransport
from services.fetcher.preview import Previewer
from services.fetcher.remote_sources import RemoteSources
from services.fetcher.settings import Settings
from shared import topics
from shared.clock import SystemClock
from shared.ids import new_id
from shared.kafka.broker import build_broker
from shared.kafka.delivery import Delivery
from shared.kafka.publisher import KafkaEventPublisher
from shared.objects.store import SealedObjects
from shared.sealing import Sealer
from shared.service_app import service_app
from shared.service_loops import running


def create_app(settings: Settings) -> AsgiFastStream:
    """Build everything and open nothing."""
    clock = SystemClock()
    broker = build_broker(settings.kafka, "fetcher")
    delivery = Delivery(broker, "fetcher", settings.kafka, clock)
    sealer = Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys])
    objects = SealedObjects.from_settings(settings.objects, sealer)
    web = HttpTransport(settings.fetcher)
    files = FtpTransport(settings.fetcher)
    transports: dict[str, FileTransport] = {
        "http": web,
        "https": web,
        "ftp": files,
        "ftps": files,
        "ftpsi": files,
        "sftp": SftpTransport(settings.fetcher),
    }
    sources = RemoteSources(transports, sealer, clock, settings.fetcher)
    publisher = KafkaEventPublisher(broker, "fetcher")
    downloads = Downloads(
        sources=sources,
        texts=TextStore(
            objects,
            chunk_bytes=settings.fetcher.chunk_bytes,
            max_bytes=settings.fetcher.max_bytes,
            new_id=new_id,
        ),
        objects=objects,
        publisher=publisher,
        clock=clock,
        settings=settings.fetcher,
    )
    tester = ConnectionTester(sources, publisher, clock, time.perf_counter)
    previewer = Previewer(sources, objects, publisher, clock, most_ratio=settings.fetcher.max_unpacked_ratio)
    handlers = FetcherHandlers(downloads, tester, previewer)
    delivery.subscribe(topics.IMPORT_REQUESTED, handlers.on_import_requested, may_be_lost=True)
    delivery.subscribe(topics.IMPORT_CANCELLED, handlers.on_import_cancelled, every_process=True, unhurried=True)
    delivery.subscribe(topics.CONNECTION_TEST_REQUESTED, handlers.on_connection_test_requested)
    delivery.subscribe(topics.PREVIEW_REQUESTED, handlers.on_preview_requested)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await broker.connect()
        try:
            async with running(delivery, {"sweep of samples": previewer.sweep}):
                yield
        finally:
            await downloads.stop()
            await tester.stop()
            await previewer.stop()

    return service_app(delivery, lifespan)
