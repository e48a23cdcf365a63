"""Reads the sample of a file into a preview, as an event."""

import asyncio

import structlog

from services.parser.domain.preview import build_preview
from shared.clock import Clock
from shared.errors import PermanentError, UserError
from shared.events.previews import FilePreview, FileSample, PreviewFailure, PreviewFetched, PreviewReady
from shared.ids import new_id
from shared.kafka.broker import MAX_RECORD_BYTES
from shared.objects.store import SealedObjects

_MOST_BYTES = MAX_RECORD_BYTES - 64 * 1024
_log = structlog.get_logger("contacts_sync.parser")


class PreviewReader:
    """Makes previews; the work is done in a thread."""

    def __init__(self, objects: SealedObjects, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock

    async def answer(self, event: PreviewFetched) -> PreviewReady | None:
        """Return the answer, None where nobody waits for one any more, or the sample is gone."""
        preview, failure = None, event.failure
        if event.sample is not None:
            if self._clock.now() > event.wanted_until:
                return None
            try:
                data = await self._objects.read(event.sample.object_key, 0, event.sample.bytes)
            except PermanentError:
                return None
            preview, failure = await asyncio.to_thread(_preview, data, event.sample, event)
        ready = PreviewReady(
            event_id=new_id(),
            occurred_at=self._clock.now(),
            request_id=event.request_id,
            preview=preview,
            failure=failure,
        )
        if len(ready.as_body()) > _MOST_BYTES:
            message = "The file cannot be shown: its beginning is too large in this reading. Try another delimiter."
            failure = PreviewFailure(code="preview_too_large", message=message)
            return ready.model_copy(update={"preview": None, "failure": failure})
        return ready

    async def forget(self, event: PreviewFetched) -> None:
        """Delete the sample: it has been answered, or is of no use."""
        if event.sample is not None:
            await self._objects.delete(event.sample.object_key)


def _preview(
    data: bytes, sample: FileSample, event: PreviewFetched
) -> tuple[FilePreview | None, PreviewFailure | None]:
    try:
        return build_preview(data, sample, event.choices), None
    except UserError as error:
        return None, PreviewFailure(code=error.code, message=error.message)
    except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever went wrong
        # Without its message, which may quote the file.
        _log.error("preview failed unforeseen", request_id=str(event.request_id), error=type(error).__name__)
        message = "The file could not be read because of a fault in this system; it has been noted."
        return None, PreviewFailure(code="preview_failed", message=message)
