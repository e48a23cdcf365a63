"""Fetches the beginning of a file, for somebody who sets an import up and wants to see it."""

import asyncio
from contextlib import aclosing
from zoneinfo import ZoneInfo

import structlog

from services.fetcher.adapters.beginning import beginning_of
from services.fetcher.adapters.sample_store import SAMPLE_BYTES, SampleStore
from services.fetcher.answers import Answers
from services.fetcher.remote_sources import RemoteSources
from shared.clock import Clock
from shared.errors import ContactsSyncError, UserError
from shared.events.previews import FileSample, PreviewFailure, PreviewFetched, PreviewRequested
from shared.events.set_up import RemoteSource, UploadedSource
from shared.ids import new_id
from shared.kafka.publisher import EventPublisher
from shared.objects.store import SealedObjects
from shared.topics import PREVIEW_FETCHED

_SWEEP_SECONDS = 900.0
_log = structlog.get_logger("contacts_sync.fetcher")


class Previewer:
    """Takes requests up, each in a task of its own; a server is asked once, and what fails fails at once."""

    def __init__(
        self,
        sources: RemoteSources,
        objects: SealedObjects,
        publisher: EventPublisher,
        clock: Clock,
        *,
        most_ratio: int,
    ) -> None:
        self._sources = sources
        self._objects = objects
        self._samples = SampleStore(objects)
        self._clock = clock
        self._most_ratio = most_ratio
        self._answers = Answers(PREVIEW_FETCHED, self._fetched, publisher, clock)

    async def begin(self, event: PreviewRequested) -> None:
        """Start on a preview, once there is a place for it; one that nobody waits for any more is left out."""
        await self._answers.begin(event)

    async def stop(self) -> None:
        """Abandon what is under way: whoever waits is told so by their own deadline."""
        await self._answers.stop()

    async def sweep(self) -> None:
        """Delete samples that nobody read, for ever."""
        while True:
            try:
                await self._samples.sweep(self._clock.now())
            except ContactsSyncError as error:
                _log.warning("samples could not be swept", code=error.code)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _fetched(self, event: PreviewRequested) -> PreviewFetched:
        sample, failure = None, None
        try:
            sample = await self._sample(event)
        except ContactsSyncError as error:
            failure = PreviewFailure(code=error.code, message=error.message)
        except Exception:  # noqa: BLE001 - whoever waits is told, whatever went wrong
            _log.exception("preview failed unforeseen", request_id=str(event.request_id))
            message = "The file could not be fetched because of a fault in this system; it has been noted."
            failure = PreviewFailure(code="fetch_failed", message=message)
        return PreviewFetched(
            event_id=new_id(),
            occurred_at=self._clock.now(),
            request_id=event.request_id,
            choices=event.choices,
            wanted_until=event.wanted_until,
            sample=sample,
            failure=failure,
        )

    async def _sample(self, event: PreviewRequested) -> FileSample:
        if isinstance(event.source, UploadedSource):
            return await self._of_upload(event, event.source)
        return await self._of_remote(event, event.source)

    async def _of_upload(self, event: PreviewRequested, source: UploadedSource) -> FileSample:
        blocks = self._objects.stream(source.object_key, block=SAMPLE_BYTES)
        data, is_whole = await beginning_of(blocks, SAMPLE_BYTES, most_ratio=self._most_ratio)
        return FileSample(
            object_key=await self._kept(event, data),
            bytes=len(data),
            is_whole=is_whole,
            file_name=source.name,
            file_bytes=source.bytes,
        )

    async def _of_remote(self, event: PreviewRequested, source: RemoteSource) -> FileSample:
        local = self._clock.now().astimezone(ZoneInfo(event.time_zone))
        fetch = self._sources.fetch(source, local)
        try:
            async with aclosing(fetch.blocks_once()) as blocks:
                data, is_whole = await beginning_of(blocks, SAMPLE_BYTES, most_ratio=self._most_ratio)
        finally:
            await fetch.close()
        return FileSample(
            object_key=await self._kept(event, data),
            bytes=len(data),
            is_whole=is_whole,
            file_name=fetch.name,
            file_bytes=fetch.state.size,
            file_modified=fetch.state.modified,
            host_key=fetch.host_key,
        )

    async def _kept(self, event: PreviewRequested, data: bytes) -> str:
        if not data:
            raise UserError("file_empty", "The file is empty: it has no bytes at all.")
        return await self._samples.keep(event.request_id, data)
