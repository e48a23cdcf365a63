"""Says very many small events: packed into batches by partition, in the order in which they come."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from shared.events.base import Event
from shared.events.cloud_events import cloud_event_headers
from shared.kafka.broker import MAX_RECORD_BYTES, partition_by_hash
from shared.settings import KafkaSettings
from shared.topics import Topic

_BATCH_BYTES = 256 * 1024
_OVERHEAD = 1024
"""What headers and Kafka add to a record that is sent alone, at most."""

Values = dict[str, Any]
Record = tuple[bytes, bytes, list[tuple[str, bytes]]]


class BulkPublisher:
    """A producer of its own, open while it is entered; a record costs it a tenth of what one by one would."""

    def __init__(self, settings: KafkaSettings, service: str) -> None:
        self._source = f"/contacts-sync/{service}"
        self._producer: Any = None
        self._settings = settings
        self._service = service
        self._most_bytes: int | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        producer: Any = AIOKafkaProducer
        self._producer = producer(
            bootstrap_servers=self._settings.bootstrap_servers.split(","),
            client_id=f"contacts-sync-{self._service}-bulk",
            acks="all",
            enable_idempotence=not self._settings.embedded,
            max_batch_size=_BATCH_BYTES,
            max_request_size=MAX_RECORD_BYTES,
        )
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._producer.stop()

    def records(self, event: type[Event], values: Sequence[Values], key: Callable[[Values], str]) -> list[Record]:
        """Return events with these values as they go to the broker: key, body, headers; all of one run and moment."""
        if not values:
            return []
        headers = cloud_event_headers(event(**values[0]), self._source)
        shared = [(name, value.encode()) for name, value in headers.items() if name != "ce_id"]
        return [
            (key(each).encode(), event.body_of(each), [*shared, ("ce_id", str(each["event_id"]).encode())])
            for each in values
        ]

    def fits(self, topic: Topic, record: Record) -> bool:
        """Tell whether the topic takes a record; the broker may have been seen to take less than it should."""
        return _size(record) <= min(topic.max_bytes, self._most_bytes or topic.max_bytes)

    async def publish(self, topic: Topic, records: Iterable[Record]) -> None:
        """Say records; returns when the broker has all. Those of one key stay in order.

        MessageSizeTooLargeError where the broker refused one that should fit: it will not be said to fit again.
        """
        partitions = sorted(await self._producer.partitions_for(topic.name))
        by_partition: dict[int, list[Record]] = {}
        for record in records:
            by_partition.setdefault(partition_by_hash(record[0], partitions), []).append(record)
        await asyncio.gather(*(self._send(topic.name, place, share) for place, share in by_partition.items()))

    async def _send(self, topic: str, partition: int, records: list[Record]) -> None:
        sent = []
        batch, first = self._producer.create_batch(), records[0]
        for record in records:
            if not _is_added(batch, record):
                sent.append(await self._begin(batch, first, topic, partition))
                batch, first = self._producer.create_batch(), record
                _is_added(batch, record)
        sent.append(await self._begin(batch, first, topic, partition))
        await asyncio.gather(*sent)

    async def _begin(self, batch: Any, first: Record, topic: str, partition: int) -> Coroutine[Any, Any, None]:  # noqa: ANN401 - aiokafka has no types
        """Send a batch; returns what waits for its answer."""
        answer = await self._producer.send_batch(batch, topic, partition=partition)
        return self._taken(answer, first if batch.record_count() == 1 else None)

    async def _taken(self, answer: asyncio.Future[Any], alone: Record | None) -> None:
        try:
            await answer
        except MessageSizeTooLargeError:
            if alone is not None:
                self._most_bytes = _size(alone) - 1
            raise


def _is_added(batch: Any, record: Record) -> bool:  # noqa: ANN401 - aiokafka has no types
    """Add a record; False where a batch is full, which an empty one never is."""
    key, value, headers = record
    return batch.append(timestamp=None, key=key, value=value, headers=headers) is not None


def _size(record: Record) -> int:
    key, value, _ = record
    return _OVERHEAD + len(key) + len(value)
