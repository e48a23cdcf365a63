"""Samples of files for previews: sealed in the object store, deleted by whoever read them, or else after an hour."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.objects.store import SealedObjects

SAMPLE_BYTES: Final = 1 << 20
_PREFIX: Final = "samples"
_KEPT: Final = timedelta(hours=1)


class SampleStore:
    """Keeps samples under their request's id."""

    def __init__(self, objects: SealedObjects) -> None:
        self._objects = objects

    async def keep(self, request_id: UUID, sample: bytes) -> str:
        """Store a sample; returns its key."""
        key = f"{_PREFIX}/{request_id}"
        async with self._objects.write(key) as writer:
            await writer.write(sample)
        return key

    async def sweep(self, now: datetime) -> int:
        """Delete what nobody has read within an hour; returns how many."""
        return await self._objects.delete_older(_PREFIX, now - _KEPT)
