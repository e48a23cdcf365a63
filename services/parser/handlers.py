"""Hears that a chunk is ready, and says its rows in batches; or that the beginning of a file is, and says a preview."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.parser.chunk_reader import ChunkReader
from services.parser.preview_reader import PreviewReader
from shared.clock import Clock
from shared.errors import UserError
from shared.events.files import ChunkReady
from shared.events.previews import PreviewFetched
from shared.events.rows import RowsParsed
from shared.events.runs import ImportStopped
from shared.ids import new_id
from shared.kafka.heartbeat import Heartbeat
from shared.kafka.publisher import EventPublisher
from shared.topics import IMPORT_STOPPED, PREVIEW_READY, ROWS_PARSED


class ParserHandlers:
    """The parser's handlers; a chunk is some megabytes, so it is parsed within the poll, in a thread."""

    def __init__(self, chunks: ChunkReader, previews: PreviewReader, publisher: EventPublisher, clock: Clock) -> None:
        self._chunks = chunks
        self._previews = previews
        self._publisher = publisher
        self._clock = clock

    async def on_chunk_ready(self, event: ChunkReady) -> None:
        """Say the chunk's rows, or that the run stops because the file as a whole cannot be read."""
        async with Heartbeat(event, self._publisher, self._clock, step="staging", service="parser"):
            try:
                async with aclosing(self._batches(event)) as batches:
                    await self._publisher.publish_all(ROWS_PARSED, batches)
            except UserError as error:
                stopped = ImportStopped(
                    event_id=new_id(),
                    occurred_at=self._clock.now(),
                    run_id=event.run_id,
                    import_id=event.import_id,
                    attempt=event.attempt,
                    outcome="failed",
                    code=error.code,
                    message=error.message,
                    file_name=event.file.name,
                    file_bytes=event.file.bytes,
                    file_sha256=event.file.sha256,
                )
                await self._publisher.publish(IMPORT_STOPPED, stopped, key=str(event.run_id))

    async def on_preview_fetched(self, event: PreviewFetched) -> None:
        """Say the preview, or why there is none, and delete the sample."""
        ready = await self._previews.answer(event)
        if ready is not None:
            await self._publisher.publish(PREVIEW_READY, ready, key=str(event.request_id))
        await self._previews.forget(event)

    async def _batches(self, event: ChunkReady) -> AsyncGenerator[tuple[str, RowsParsed]]:
        async with aclosing(self._chunks.batches(event)) as batches:
            async for batch in batches:
                yield f"{event.run_id}:{event.chunk.index}", batch
