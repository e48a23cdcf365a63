"""Reads a sealed object by range: how its segments lie, and how they are opened.

An object is a row of sealed segments of `SEGMENT_BYTES` clear bytes each (the last may be shorter), so that any range
can be read without the rest. Each segment is bound to the object's own random id and to its place, so that segments
cannot be swapped; the id is the object's first bytes.
"""

from collections.abc import AsyncIterator
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from shared.errors import PermanentError, TransientError
from shared.sealing import KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES, Sealer

SEGMENT_BYTES: Final = 1 << 20
OBJECT_ID_BYTES: Final = 16
STORE_ERRORS: Final = (BaseError, FileNotFoundError)
_SEALED_SEGMENT_BYTES: Final = KEY_ID_BYTES + NONCE_BYTES + SEGMENT_BYTES + TAG_BYTES


class ObjectReader:
    """Reads ranges of one object; made by `SealedObjects.reader`.

    The last segment of a range is kept open, for that is where the next range of who reads on begins.
    """

    def __init__(self, store: ObjectStore, sealer: Sealer, key: str, object_id: bytes, size: int) -> None:
        """Take the object's own id, and its size as it is stored."""
        self._store = store
        self._sealer = sealer
        self._key = key
        self._object_id = object_id
        self._size = size
        self._open: tuple[int, bytes] | None = None

    @classmethod
    async def of(cls, store: ObjectStore, sealer: Sealer, key: str) -> "ObjectReader":
        """Look an object up; PermanentError `object_missing`."""
        try:
            found = await obstore.get_async(store, key, options={"range": (0, OBJECT_ID_BYTES)})
            object_id = bytes(await found.bytes_async())
        except STORE_ERRORS as error:
            raise store_error(error, key) from error
        return cls(store, sealer, key, object_id, found.meta["size"])

    async def read(self, offset: int, length: int) -> bytes:
        """Return `length` clear bytes from `offset`, fewer only where the object ends."""
        first = offset // SEGMENT_BYTES
        last = (offset + length - 1) // SEGMENT_BYTES
        segments: list[bytes | memoryview] = []
        if self._open is not None and self._open[0] == first:
            segments.append(self._open[1])
        segments += await self._opened(first + len(segments), last)
        if not segments or not length:
            return b""
        end = offset + length - first * SEGMENT_BYTES
        last_end = end - (len(segments) - 1) * SEGMENT_BYTES
        segments[-1] = memoryview(segments[-1])[: max(last_end, 0)]
        segments[0] = memoryview(segments[0])[offset - first * SEGMENT_BYTES :]
        return b"".join(segments)

    async def blocks(self, length: int) -> AsyncIterator[bytes]:
        """Yield the whole object in blocks."""
        offset = 0
        while data := await self.read(offset, length):
            yield data
            offset += len(data)

    async def _opened(self, first: int, last: int) -> list[bytes]:
        """Return the segments of these places, so far as there are any."""
        start = OBJECT_ID_BYTES + first * _SEALED_SEGMENT_BYTES
        end = min(OBJECT_ID_BYTES + (last + 1) * _SEALED_SEGMENT_BYTES, self._size)
        if start >= end:
            return []
        try:
            sealed = memoryview(await obstore.get_range_async(self._store, self._key, start=start, end=end))
        except STORE_ERRORS as error:
            raise store_error(error, self._key) from error
        segments = [
            self._sealer.open_bytes(sealed[at : at + _SEALED_SEGMENT_BYTES], segment_purpose(self._object_id, place))
            for place, at in enumerate(range(0, len(sealed), _SEALED_SEGMENT_BYTES), start=first)
        ]
        self._open = first + len(segments) - 1, segments[-1]
        return segments


def segment_purpose(object_id: bytes, place: int) -> str:
    """Return what a segment is sealed for."""
    return f"object:{object_id.hex()}:{place}"


def store_error(error: Exception, key: str) -> PermanentError | TransientError:
    """Return our error for one of the store's."""
    if isinstance(error, FileNotFoundError):
        return PermanentError("object_missing", f"The stored file {key} is no longer there.")
    return TransientError("object_store_unavailable", f"The object store did not answer for {key}.")
