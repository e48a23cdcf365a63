"""A download that nobody wants any more is dropped, and its place is free for another."""

import asyncio
import json
import time
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.adapters.text_store import TextStore
from services.fetcher.connection_test import ConnectionTester
from services.fetcher.downloads import Downloads
from services.fetcher.handlers import FetcherHandlers
from services.fetcher.preview import Previewer
from services.fetcher.remote_sources import RemoteSources
from shared.clock import SystemClock
from shared.events.base import Event
from shared.events.runs import ImportCancelled, ImportProgressed, ImportRequested
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.sealing import Sealer
from shared.settings import ObjectSettings
from shared.topics import Topic
from tests.integration.fetcher.reading import SETTINGS
from tests.support.hostile_http import HostileHttpServer, Request, send_head
from tests.support.waiting import until

SAMPLE = Path(__file__).parents[2] / "contracts" / "samples" / "contacts-sync.import.requested.v1.json"
PATIENT = SETTINGS.model_copy(update={"downloads": 1, "idle_seconds": 600})


class Said:
    """Keeps what was said, instead of a broker."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        self.events.append(event)

    async def publish_all(self, topic: Topic, events: AsyncIterable[tuple[str, Event]]) -> int:
        self.events += [event async for _, event in events]
        return len(self.events)


async def never_ending(request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 200, content_length=1000)
    await asyncio.Event().wait()


@pytest.fixture
async def server() -> AsyncIterator[HostileHttpServer]:
    async with HostileHttpServer(never_ending) as server:
        yield server


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
async def handlers(tmp_path: Path, said: Said) -> AsyncIterator[FetcherHandlers]:
    sealer, clock = Sealer([bytes(32)]), SystemClock()
    objects = SealedObjects.from_settings(ObjectSettings(url=f"file://{tmp_path}"), sealer)
    sources = RemoteSources({"http": HttpTransport(PATIENT)}, sealer, clock, PATIENT)
    texts = TextStore(objects, chunk_bytes=PATIENT.chunk_bytes, max_bytes=PATIENT.max_bytes, new_id=new_id)
    downloads = Downloads(sources, texts, objects, said, clock, PATIENT)
    tester = ConnectionTester(sources, said, clock, time.perf_counter)
    previewer = Previewer(sources, objects, said, clock, most_ratio=PATIENT.max_unpacked_ratio)
    yield FetcherHandlers(downloads, tester, previewer)
    await downloads.stop()


def requested(server: HostileHttpServer, path: str, run_id: UUID, attempt: int = 1) -> ImportRequested:
    document = json.loads(SAMPLE.read_text())
    source = {"kind": "remote", "url": server.url(path)}
    changes = {"run_id": str(run_id), "attempt": attempt, "source": source, "stored": None}
    return ImportRequested.model_validate(document | changes)


def cancelled(event: ImportRequested) -> ImportCancelled:
    return ImportCancelled(
        event_id=new_id(),
        occurred_at=event.occurred_at,
        run_id=event.run_id,
        import_id=event.import_id,
        attempt=event.attempt,
    )


async def asked_for(server: HostileHttpServer, *paths: str) -> None:
    async def are() -> bool:
        return [request.target for request in server.requests] == list(paths)

    await until(are, within=60, what=f"{paths} are asked for")


async def test_a_cancelled_download_leaves_its_place_to_the_next(
    server: HostileHttpServer, handlers: FetcherHandlers
) -> None:
    first, second = requested(server, "/first", new_id()), requested(server, "/second", new_id())
    await handlers.on_import_requested(first)
    await asked_for(server, "/first")
    await handlers.on_import_requested(second)
    await handlers.on_import_cancelled(cancelled(first))
    await asked_for(server, "/first", "/second")


async def test_what_was_cancelled_before_its_turn_is_never_fetched(
    server: HostileHttpServer, handlers: FetcherHandlers
) -> None:
    first, second = requested(server, "/first", new_id()), requested(server, "/second", new_id())
    await handlers.on_import_cancelled(cancelled(first))
    await handlers.on_import_requested(first)
    await handlers.on_import_requested(second)
    await asked_for(server, "/second")


async def test_the_next_attempt_drops_the_one_before(server: HostileHttpServer, handlers: FetcherHandlers) -> None:
    run_id = new_id()
    await handlers.on_import_requested(requested(server, "/one", run_id))
    await asked_for(server, "/one")
    await handlers.on_import_requested(requested(server, "/two", run_id, attempt=2))
    await asked_for(server, "/one", "/two")


async def test_an_attempt_that_is_delivered_again_does_not_drop_a_later_one(
    server: HostileHttpServer, handlers: FetcherHandlers
) -> None:
    run_id = new_id()
    await handlers.on_import_requested(requested(server, "/two", run_id, attempt=2))
    await asked_for(server, "/two")
    await handlers.on_import_requested(requested(server, "/one", run_id))
    await handlers.on_import_requested(requested(server, "/three", run_id, attempt=3))
    await asked_for(server, "/two", "/three")


async def test_a_download_that_waits_for_its_turn_says_so(
    server: HostileHttpServer, handlers: FetcherHandlers, said: Said
) -> None:
    first, second = (requested(server, f"/{name}.csv", new_id()) for name in "ab")
    await handlers.on_import_requested(first)
    await asked_for(server, "/a.csv")
    await handlers.on_import_requested(second)

    def waits(event: ImportRequested) -> bool | None:
        beats = [each for each in said.events if isinstance(each, ImportProgressed) and each.run_id == event.run_id]
        return beats[-1].waits_for_turn if beats else None

    await until(lambda: (waits(first), waits(second)) == (False, True), within=10, what="both beat")
    await handlers.on_import_cancelled(cancelled(first))
    await until(lambda: waits(second) is False, within=10, what="the second has its turn")
