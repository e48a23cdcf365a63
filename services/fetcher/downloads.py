"""Downloads under way: each fetches one run's file, beats while it does, and says what came of it."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID
from zoneinfo import ZoneInfo

import stamina
import structlog

from services.fetcher.adapters.text_store import TextStore
from services.fetcher.adapters.unpacking import unpacked
from services.fetcher.places import Places
from services.fetcher.remote_fetch import START_ANEW, RemoteFetch
from services.fetcher.remote_sources import RemoteSources
from services.fetcher.settings import FetcherSettings
from services.fetcher.task_places import TaskPlaces
from shared.clock import Clock
from shared.errors import ContactsSyncError, TransientError, UserError
from shared.events.files import ChunkRange, ChunkReady, FileFetched, StoredFile, Validators
from shared.events.runs import ImportRequested, ImportStopped
from shared.events.set_up import UploadedSource
from shared.ids import new_id
from shared.kafka.heartbeat import Heartbeat
from shared.kafka.publisher import EventPublisher
from shared.objects.store import SealedObjects
from shared.rules.link import parse_link
from shared.topics import CHUNK_READY, FILE_FETCHED, IMPORT_STOPPED

_WAITING_FOR_EACH = 4
"""Runs taken up for each place there is: those that wait beat too, so that nobody takes them for lost."""
_CANCELLED_KEPT = 10_000
_STORE_CODES = frozenset({"object_store_unavailable", "spool_failed"})

_log = structlog.get_logger("contacts_sync.fetcher")


class Downloads:
    """Runs many downloads side by side, each in a task of its own; `Places` says whose turn it is."""

    def __init__(
        self,
        sources: RemoteSources,
        texts: TextStore,
        objects: SealedObjects,
        publisher: EventPublisher,
        clock: Clock,
        settings: FetcherSettings,
    ) -> None:
        self._sources = sources
        self._texts = texts
        self._objects = objects
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._places = Places(settings.downloads)
        self._taken_up = TaskPlaces(settings.downloads * _WAITING_FOR_EACH)
        self._under_way: dict[UUID, tuple[int, asyncio.Task[None]]] = {}
        self._cancelled: OrderedDict[UUID, None] = OrderedDict()

    async def begin(self, event: ImportRequested) -> None:
        """Take a download up; waits only while very many are waiting already.

        An earlier attempt of the same run is dropped, and so is one whose run was cancelled before its turn, or that is
        delivered again while a later one is under way.
        """
        await self._taken_up.take()
        attempt, _ = self._under_way.get(event.run_id, (0, None))
        if event.run_id in self._cancelled or attempt > event.attempt:
            self._taken_up.give_back()
            return
        self._drop(event.run_id)
        task = self._taken_up.start(self._run(event), f"download {event.run_id}")
        self._under_way[event.run_id] = event.attempt, task
        task.add_done_callback(lambda task: self._ended(event.run_id, task))

    def cancel(self, run_id: UUID) -> None:
        """Drop a run's download, also one that is still to be taken up: nobody wants the file any more."""
        self._cancelled[run_id] = None
        if len(self._cancelled) > _CANCELLED_KEPT:
            self._cancelled.popitem(last=False)
        self._drop(run_id)

    def _drop(self, run_id: UUID) -> None:
        if found := self._under_way.pop(run_id, None):
            _, task = found
            task.cancel()

    def _ended(self, run_id: UUID, task: "asyncio.Task[None]") -> None:
        _, under_way = self._under_way.get(run_id, (0, None))
        if under_way is task:
            del self._under_way[run_id]

    async def stop(self) -> None:
        """Abandon what is under way: the silence of their runs has them asked for again."""
        await self._taken_up.stop()

    async def _run(self, event: ImportRequested) -> None:
        async with Heartbeat(
            event, self._publisher, self._clock, step="fetching", service="fetcher", at_once=event.asked
        ) as heartbeat:
            try:
                await self._fetch(event, heartbeat)
            except ContactsSyncError as error:
                await self._stopped(event, heartbeat, "failed", code=error.code, message=error.message)
            except Exception:  # noqa: BLE001 - the run must end with a reason, whatever went wrong
                _log.exception("download failed unforeseen", run_id=str(event.run_id))
                message = "The file could not be fetched because of a fault in this system; it has been noted."
                await self._stopped(event, heartbeat, "failed", code="fetch_failed", message=message)

    async def _fetch(self, event: ImportRequested, heartbeat: Heartbeat) -> None:
        source = event.source
        if event.stored:
            file, chunks = event.stored, await self._texts.cut_again(event.stored, event.parse)
        elif isinstance(source, UploadedSource):
            file, chunks = await self._store_upload(event, source, heartbeat)
        else:
            local = self._clock.now().astimezone(ZoneInfo(event.time_zone))
            fetch = self._sources.fetch(source, local, validators=event.last_applied_validators)
            link = parse_link(source.url)
            heartbeat.waits_for_turn = True
            async with self._places.place(link.host, self._sources.most_at_once(link), asked=event.asked):
                heartbeat.waits_for_turn = False
                stored = await self._store_remote(event, fetch, heartbeat)
            if stored is None:
                await self._stopped(event, heartbeat, "unchanged")
                return
            file, chunks = stored
        if event.last_applied_sha256 == file.sha256:
            await self._stopped(event, heartbeat, "unchanged", file=file)
            return
        await self._say(event, heartbeat, file, chunks)

    async def _store_upload(
        self, event: ImportRequested, source: UploadedSource, heartbeat: Heartbeat
    ) -> tuple[StoredFile, list[ChunkRange]]:
        heartbeat.bytes_total = source.bytes
        async for attempt in stamina.retry_context(
            on=TransientError, attempts=self._settings.attempts, wait_initial=0.5, wait_max=10.0, timeout=None
        ):
            with attempt:
                blocks = self._objects.stream(source.object_key)
                stored = await self._texts.store(self._content(blocks, heartbeat), event.parse, source.name)
        return stored

    async def _store_remote(
        self, event: ImportRequested, fetch: RemoteFetch, heartbeat: Heartbeat
    ) -> tuple[StoredFile, list[ChunkRange]] | None:
        """Return the stored file, None where the server says that it is the one applied last.

        The fetch itself waits cuts and stalls out; what is tried again here begins at the file's first byte.
        """

        def worth_another(error: Exception) -> bool:
            return isinstance(error, TransientError) and error.code in START_ANEW | _STORE_CODES

        try:
            async with asyncio.timeout(self._settings.total_seconds):
                async for attempt in stamina.retry_context(
                    on=worth_another,
                    attempts=self._settings.attempts,
                    wait_initial=0.5,
                    wait_max=10.0,
                    timeout=None,
                ):
                    with attempt:
                        stored = await self._stored_once(event, fetch, heartbeat)
        except TimeoutError as error:
            raise TransientError("download_too_slow", "The file did not arrive within the time allowed.") from error
        finally:
            await fetch.close()
        return stored

    async def _stored_once(
        self, event: ImportRequested, fetch: RemoteFetch, heartbeat: Heartbeat
    ) -> tuple[StoredFile, list[ChunkRange]] | None:
        try:
            if not await fetch.begin():
                return None
        finally:
            heartbeat.host_key = fetch.host_key
        heartbeat.bytes_total = fetch.state.size
        async with aclosing(fetch.blocks()) as blocks:
            file, chunks = await self._texts.store(self._content(blocks, heartbeat), event.parse, fetch.name)
        etag, last_modified = fetch.state.etag, fetch.state.last_modified
        if etag or last_modified:
            file = file.model_copy(update={"validators": Validators(etag=etag, last_modified=last_modified)})
        return file, chunks

    def _content(self, blocks: AsyncIterator[bytes], heartbeat: Heartbeat) -> AsyncIterator[bytes]:
        counted = _counted(blocks, heartbeat, self._settings.max_bytes)
        return unpacked(counted, most_ratio=self._settings.max_unpacked_ratio)

    async def _say(
        self, event: ImportRequested, heartbeat: Heartbeat, file: StoredFile, chunks: list[ChunkRange]
    ) -> None:
        """Say every chunk, and when all are acknowledged the file."""

        async def ready() -> AsyncIterator[tuple[str, ChunkReady]]:
            for chunk in chunks:
                said = ChunkReady(**self._about(event), file=file, chunk=chunk, parse=event.parse)
                yield f"{event.run_id}:{chunk.index}", said

        await self._publisher.publish_all(CHUNK_READY, ready())
        fetched = FileFetched(**self._about(event), file=file, chunks=len(chunks), host_key=heartbeat.host_key)
        await self._publisher.publish(FILE_FETCHED, fetched, key=str(event.run_id))

    async def _stopped(
        self,
        event: ImportRequested,
        heartbeat: Heartbeat,
        outcome: str,
        *,
        code: str | None = None,
        message: str | None = None,
        file: StoredFile | None = None,
    ) -> None:
        stopped = ImportStopped(
            **self._about(event),
            outcome=outcome,
            code=code,
            message=message,
            file_name=file.name if file else None,
            file_bytes=file.bytes if file else None,
            file_sha256=file.sha256 if file else None,
            host_key=heartbeat.host_key,
        )
        await self._publisher.publish(IMPORT_STOPPED, stopped, key=str(event.run_id))

    def _about(self, event: ImportRequested) -> dict:  # type: ignore[type-arg]
        return {
            "event_id": new_id(),
            "occurred_at": self._clock.now(),
            "run_id": event.run_id,
            "import_id": event.import_id,
            "attempt": event.attempt,
        }


async def _counted(blocks: AsyncIterator[bytes], heartbeat: Heartbeat, most: int) -> AsyncIterator[bytes]:
    """Count the bytes that come, packed or not; UserError `file_too_large`."""
    heartbeat.bytes = 0
    async for block in blocks:
        heartbeat.bytes += len(block)
        if heartbeat.bytes > most:
            raise UserError("file_too_large", f"The file is larger than {most:,} bytes, the limit of this system.")
        yield block
