"""The one way a service gets a Kafka broker, with settings that lose nothing.

FastStream's defaults commit before the work, skip what was sent before a group's first start, and make missing topics
with one partition; each is set otherwise here and in `delivery`.
"""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from shared.settings import KafkaSettings

MAX_RECORD_BYTES = 1 << 20
"""The broker's default limit for one record."""


class ServiceBroker(KafkaBroker):
    """A broker whose subscribers join their groups side by side: in turn, each would wait for its own join."""

    async def start(self) -> None:
        """Connect, and start all subscribers and publishers at once."""
        await self.connect()
        await asyncio.gather(*(subscriber.start() for subscriber in self.subscribers))
        await asyncio.gather(*(publisher.start() for publisher in self.publishers))
        self.running = True


def partition_by_hash(key: bytes, partitions: Sequence[int]) -> int:
    """Return where a key's records go: by CRC-32, as librdkafka has it.

    aiokafka's own hash is written in Python, and took a tenth of the time that it takes to say a change.
    """
    return partitions[zlib.crc32(key) % len(partitions)]


class RoundRobinByChunk:
    """Deals a run's chunks over all partitions in turn; a key without a chunk goes where its hash says."""

    def __call__(self, key: bytes | None, all_partitions: Sequence[int], _available: Sequence[int]) -> int:
        """Return the partition for a key of the form `run` or `run:chunk`."""
        run, _, chunk = (key or b"").partition(b":")
        if chunk.isdigit():
            return all_partitions[(zlib.crc32(run) + int(chunk)) % len(all_partitions)]
        return partition_by_hash(key or b"", all_partitions)


def build_broker(settings: KafkaSettings, service: str) -> ServiceBroker:
    """Build a service's broker; opens nothing."""
    return ServiceBroker(
        bootstrap_servers=settings.bootstrap_servers.split(","),
        client_id=f"contacts-sync-{service}",
        acks="all",
        enable_idempotence=not settings.embedded,
        allow_auto_create_topics=False,
        max_request_size=MAX_RECORD_BYTES,
        partitioner=RoundRobinByChunk(),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        graceful_timeout=25.0,
        parser=_tolerant_of_headers,
        decoder=_as_it_came,
        apply_types=False,
        logger=logging.getLogger(f"contacts_sync.{service}.kafka"),
        log_level=logging.DEBUG,
    )


async def _tolerant_of_headers(record: Any, original: Any) -> Any:  # noqa: ANN401 - FastStream's parser protocol
    """Parse a record whatever its headers hold; a null or undecodable one would otherwise skip the record unseen."""
    record.headers = tuple((name, _text(value)) for name, value in record.headers)
    return await original(record)


def _text(value: bytes | None) -> bytes:
    return (value or b"").decode("utf-8", "replace").encode()


async def _as_it_came(message: Any) -> Any:  # noqa: ANN401 - FastStream's decoder protocol
    """Leave the message as it came: `delivery` reads it, so that a bad one is dead-lettered like any other failure."""
    return message


def let_go(message: KafkaMessage) -> None:
    """Let go of a record's bytes at once.

    What is left of it stays for a while: FastStream's message refers to itself by what it was decoded to, and the
    contexts of timers that were set meanwhile, to cut off requests, refer to it until those would have been due.
    """
    record: Any = message.raw_message
    message.body = record.value = b""


async def broker_answers(broker: KafkaBroker) -> bool:
    """Tell whether the broker can be reached, for `/readyz`."""
    return await broker.ping(timeout=2.0)


def consumers_of(subscriber: Any) -> list[Any]:  # noqa: ANN401 - FastStream's subscribers, aiokafka's consumers
    """Return the consumers that a started subscriber has: one, or one for each of its workers."""
    several = getattr(subscriber, "consumer_subgroup", None) or [getattr(subscriber, "consumer", None)]
    return [consumer for consumer in several if consumer is not None]


async def records_waiting(subscriber: Any) -> int:  # noqa: ANN401 - FastStream's subscribers
    """Return how many records nobody has taken up yet, of the partitions that a started subscriber has."""
    waiting = 0
    for consumer in consumers_of(subscriber):
        partitions = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions) if partitions else {}
        for partition, end in ends.items():
            waiting += max(0, end - await consumer.position(partition))
    return waiting


async def is_caught_up(broker: KafkaBroker) -> bool:
    """Tell whether the broker answers now, and every consumer has its share and has taken all that there was."""
    if not await broker_answers(broker):
        return False
    for subscriber in broker.subscribers:
        consumer: Any = getattr(subscriber, "consumer", None)
        if consumer is None or not consumer.assignment():
            return False
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            if end is None or await consumer.position(partition) < end:
                return False
    return True
