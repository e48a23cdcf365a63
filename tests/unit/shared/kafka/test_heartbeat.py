import asyncio
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


class Listener:
    """Keeps what is published; where it is `flaky`, every second try fails."""

    def __init__(self, *, flaky: bool = False) -> None:
        self.tries = 0
        self.is_flaky = flaky
        self.said: list[ImportProgressed] = []

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        self.tries += 1
        if self.is_flaky and self.tries % 2:
            raise KafkaConnectionError
        assert isinstance(event, ImportProgressed)
        self.said.append(event)

    async def publish_all(self, topic: Topic, events: AsyncIterable[tuple[str, Event]]) -> int:
        raise NotImplementedError


def an_event() -> ApplyRequested:
    return ApplyRequested(event_id=uuid4(), occurred_at=datetime.now(UTC), run_id=uuid4(), import_id=uuid4(), attempt=3)


async def test_a_missed_beat_does_not_end_the_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    event = an_event()
    publisher = Listener(flaky=True)
    async with Heartbeat(event, publisher, SystemClock(), step="fetching", service="fetcher") as beat:
        beat.bytes, beat.bytes_total = 7, 9
        await until(lambda: len(publisher.said) >= 3, within=10, what="three beats in spite of failures")
    last = publisher.said[-1]
    assert (last.run_id, last.attempt, last.bytes, last.bytes_total) == (event.run_id, 3, 7, 9)


async def test_what_is_done_in_a_moment_says_nothing() -> None:
    publisher = Listener()
    async with Heartbeat(an_event(), publisher, SystemClock(), step="fetching", service="fetcher") as beat:
        beat.bytes = beat.bytes_total = 9
    assert publisher.said == []


async def test_whoever_waits_is_told_at_once() -> None:
    publisher = Listener()
    async with Heartbeat(an_event(), publisher, SystemClock(), step="fetching", service="fetcher", at_once=True):
        await until(lambda: publisher.said, within=10, what="the first beat")


async def test_beats_are_rarer_while_there_is_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "FIRST_BEAT_SECONDS", 0)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0)
    publisher = Listener()
    async with Heartbeat(an_event(), publisher, SystemClock(), step="fetching", service="fetcher") as beat:
        for _ in range(100):
            await asyncio.sleep(0)
        quiet = len(publisher.said)
        for received in range(100):
            beat.bytes = received
            await asyncio.sleep(0)
    assert quiet > 0
    assert len(publisher.said) - quiet > 2 * quiet
