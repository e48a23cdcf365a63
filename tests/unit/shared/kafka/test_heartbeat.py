from collections.abc import AsyncIterable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.clock import SystemClock
from shared.events.base import Event
from shared.events.runs import ApplyRequested, ImportProgressed
from shared.kafka import heartbeat
from shared.kafka.heartbeat import Heartbeat
from shared.topics import Topic
from tests.support.waiting import until


class FakePublisher:
    """Fails every second time."""

    def __init__(self) -> None:
        self.tries = 0
        self.said: list[ImportProgressed] = []

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        self.tries += 1
        if self.tries % 2:
            raise KafkaConnectionError
        assert isinstance(event, ImportProgressed)
        self.said.append(event)

    async def publish_all(self, topic: Topic, events: AsyncIterable[tuple[str, Event]]) -> int:
        raise NotImplementedError


async def test_a_missed_beat_does_not_end_the_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    event = ApplyRequested(
        event_id=uuid4(), occurred_at=datetime.now(UTC), run_id=uuid4(), import_id=uuid4(), attempt=3
    )
    publisher = FakePublisher()
    async with Heartbeat(event, publisher, SystemClock(), step="fetching", service="fetcher") as beat:
        beat.bytes, beat.bytes_total = 7, 9
        await until(lambda: len(publisher.said) >= 3, within=10, what="three beats in spite of failures")
    last = publisher.said[-1]
    assert (last.run_id, last.attempt, last.bytes, last.bytes_total) == (event.run_id, 3, 7, 9)
