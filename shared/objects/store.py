"""Sealed objects on obstore: written as a stream, read by range (see `reader`), in constant memory."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore, from_url

from shared.objects.reader import (
    OBJECT_ID_BYTES,
    SEGMENT_BYTES,
    STORE_ERRORS,
    ObjectReader,
    segment_purpose,
    store_error,
)
from shared.sealing import Sealer
from shared.settings import ObjectSettings


class ObjectWriter:
    """Takes bytes in order and seals them a segment at a time; made by `SealedObjects.write`."""

    def __init__(self, writer: Any, sealer: Sealer, object_id: bytes) -> None:  # noqa: ANN401 - obstore's writer type is private
        self._writer = writer
        self._sealer = sealer
        self._object_id = object_id
        self._pending = bytearray()
        self._segments = 0
        self.written = 0
        """Clear bytes taken so far."""

    async def write(self, data: bytes) -> None:
        """Add bytes; whole segments go on to the store at once."""
        self.written += len(data)
        rest = memoryview(data)
        if self._pending:
            missing = SEGMENT_BYTES - len(self._pending)
            self._pending += rest[:missing]
            rest = rest[missing:]
            if len(self._pending) < SEGMENT_BYTES:
                return
            await self._seal(bytes(self._pending))
            self._pending.clear()
        while len(rest) >= SEGMENT_BYTES:
            await self._seal(rest[:SEGMENT_BYTES])
            rest = rest[SEGMENT_BYTES:]
        self._pending += rest

    async def flush(self) -> None:
        """Seal what is left as the last segment."""
        if self._pending or not self._segments:
            await self._seal(bytes(self._pending))
            self._pending.clear()

    async def _seal(self, segment: bytes | memoryview) -> None:
        purpose = segment_purpose(self._object_id, self._segments)
        await self._writer.write(self._sealer.seal_bytes(segment, purpose))
        self._segments += 1


class SealedObjects:
    """Objects by key in one store; every byte at rest is sealed."""

    def __init__(self, store: ObjectStore, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    @classmethod
    def from_settings(cls, settings: ObjectSettings, sealer: Sealer) -> "SealedObjects":
        """Open the store that the settings' URL names; a folder is made where it is missing."""
        if settings.url.startswith("file://"):
            Path(settings.url.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        return cls(from_url(settings.url), sealer)

    @asynccontextmanager
    async def write(self, key: str) -> AsyncIterator[ObjectWriter]:
        """Write an object; it appears whole when the block ends, and not at all when the block raises."""
        object_id = os.urandom(OBJECT_ID_BYTES)
        sink = obstore.open_writer_async(self._store, key, buffer_size=4 * SEGMENT_BYTES, max_concurrency=2)
        try:
            await sink.write(object_id)
            writer = ObjectWriter(sink, self._sealer, object_id)
            yield writer
            await writer.flush()
            await sink.close()
        except BaseException as error:
            await self._drop(sink, key)
            if isinstance(error, STORE_ERRORS):
                raise store_error(error, key) from error
            raise

    async def _drop(self, sink: Any, key: str) -> None:  # noqa: ANN401 - obstore's writer type is private
        """Leave nothing of an object that was begun; a writer can only be closed, so it is deleted then."""
        with suppress(*STORE_ERRORS):
            await sink.close()
            await self.delete(key)

    async def reader(self, key: str) -> ObjectReader:
        """Return a reader of one object; PermanentError `object_missing`."""
        return await ObjectReader.of(self._store, self._sealer, key)

    async def read(self, key: str, offset: int, length: int) -> bytes:
        """Return `length` clear bytes from `offset`, fewer only where the object ends."""
        return await (await self.reader(key)).read(offset, length)

    async def stream(self, key: str, *, block: int = 4 * SEGMENT_BYTES) -> AsyncIterator[bytes]:
        """Yield the whole object in blocks."""
        async for data in (await self.reader(key)).blocks(block):
            yield data

    async def keep_as(self, source: str, target: str) -> None:
        """Give an object its lasting key; where that key is taken the object is dropped, for it holds the same.

        What has the key is never replaced: others may be reading it, piece by piece.
        """
        try:
            await obstore.rename_async(self._store, source, target, overwrite=False)
        except AlreadyExistsError:
            await self.delete(source)
        except STORE_ERRORS as error:
            raise store_error(error, source) from error

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except STORE_ERRORS as error:
            raise store_error(error, key) from error

    async def delete_older(self, prefix: str, before: datetime) -> int:
        """Delete the objects under a prefix that were written before a moment; returns how many."""
        deleted = 0
        try:
            async for found in obstore.list(self._store, prefix):
                for entry in found:
                    if entry["last_modified"] < before:
                        await self.delete(entry["path"])
                        deleted += 1
        except STORE_ERRORS as error:
            raise store_error(error, prefix) from error
        return deleted
