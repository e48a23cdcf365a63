"""Says very many small events: packed into batches by partition, in the order in which they come."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaProducer

from shared.events.base import Event
from shared.events.cloud_events import cloud_event_headers
from shared.kafka.broker import MAX_RECORD_BYTES, partition_by_hash
from shared.settings import KafkaSettings
from shared.topics import Topic

_BATCH_BYTES = 256 * 1024

_Event = TypeVar("_Event", bound=Event)
Record = tuple[bytes, bytes, list[tuple[str, bytes]]]


class BulkPublisher:
    """A producer of its own, open while it is entered; a record costs it a tenth of what one by one would."""

    def __init__(self, settings: KafkaSettings, service: str) -> None:
        self._source = f"/contacts-sync/{service}"
        self._producer: Any = None
        self._settings = settings
        self._service = service

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

    def records(self, events: Sequence[_Event], key: Callable[[_Event], str]) -> list[Record]:
        """Return events as they go to the broker: key, body, headers; all are of one type, run and moment."""
        if not events:
            return []
        headers = cloud_event_headers(events[0], self._source)
        shared = [(name, value.encode()) for name, value in headers.items() if name != "ce_id"]
        return [
            (key(event).encode(), event.as_body(), [*shared, ("ce_id", str(event.event_id).encode())])
            for event in events
        ]

    async def publish(self, topic: Topic, records: Iterable[Record]) -> None:
        """Say records; returns when the broker has all. Those of one key stay in order."""
        partitions = sorted(await self._producer.partitions_for(topic.name))
        by_partition: dict[int, list[Record]] = {}
        for record in records:
            by_partition.setdefault(partition_by_hash(record[0], partitions), []).append(record)
        await asyncio.gather(*(self._send(topic.name, place, share) for place, share in by_partition.items()))

    async def _send(self, topic: str, partition: int, records: list[Record]) -> None:
        sent = []
        batch = self._producer.create_batch()
        for key, value, headers in records:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*sent)
