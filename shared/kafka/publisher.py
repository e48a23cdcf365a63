"""Says events: JSON bodies with CloudEvents 1.0 headers in Kafka's binary mode."""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Awaitable
from typing import Protocol

from faststream.kafka import KafkaBroker

from shared.events.base import Event
from shared.events.cloud_events import cloud_event_headers
from shared.topics import Topic

IN_FLIGHT = 8
"""Records of one bulk that may wait for the broker at once; bounds memory to that many records."""


class EventPublisher(Protocol):
    """Says events on their topics."""

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        """Say one event; returns when the broker has it."""

    async def publish_all(self, topic: Topic, events: AsyncIterable[tuple[str, Event]]) -> int:
        """Say keyed events as they come, several on their way at once; returns how many, when the broker has all."""


class KafkaEventPublisher:
    """Says events through a service's broker."""

    def __init__(self, broker: KafkaBroker, service: str) -> None:
        self._broker = broker
        self._source = f"/contacts-sync/{service}"

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        """Say one event; returns when the broker has it."""
        headers = cloud_event_headers(event, self._source)
        await self.publish_raw(topic.name, event.as_body(), key=key, headers=headers)

    async def publish_raw(self, topic_name: str, body: bytes, *, key: str | None, headers: dict[str, str]) -> None:
        """Say a body that is ready; returns when the broker has it."""
        await self._broker.publish(body, topic_name, key=key.encode() if key is not None else None, headers=headers)

    async def publish_all(self, topic: Topic, events: AsyncIterable[tuple[str, Event]]) -> int:
        """Say keyed events as they come, several on their way at once; returns how many, when the broker has all."""
        said = 0
        waiting: deque[Awaitable[object]] = deque()
        try:
            async for key, event in events:
                if len(waiting) >= IN_FLIGHT:
                    await waiting.popleft()
                sent = await self._broker.publish(
                    event.as_body(),
                    topic.name,
                    key=key.encode(),
                    headers=cloud_event_headers(event, self._source),
                    no_confirm=True,
                )
                waiting.append(sent)
                said += 1
        finally:
            await asyncio.gather(*waiting)
        return said
