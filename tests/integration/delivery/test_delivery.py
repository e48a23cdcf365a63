"""Delivery on both brokers: retried, dead-lettered with its run stopped, and stopped when too many are."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from services.cli.embedded.broker import EmbeddedBroker
from shared.clock import SystemClock
from shared.errors import PermanentError, TransientError
from shared.events.runs import ApplyRequested
from shared.kafka.broker import build_broker, consumers_of
from shared.kafka.delivery import Delivery
from shared.kafka.delivery_policy import DeliveryPolicy
from shared.kafka.pace import EMBEDDED_FETCH_WAIT_MS
from shared.kafka.publisher import KafkaEventPublisher
from shared.kafka.topic_admin import create_topics
from shared.settings import KafkaSettings
from shared.topics import APPLY_REQUESTED, IMPORT_STOPPED
from tests.support.kafka_server import KafkaServer
from tests.support.waiting import until

QUICK = DeliveryPolicy(first_wait=0.01, longest_wait=0.05, dead_letter_limit=3)
Handler = Callable[[ApplyRequested], Awaitable[None]]


@pytest.fixture
async def settings(kafka: KafkaServer | None, tmp_path: Path) -> AsyncIterator[KafkaSettings]:
    if kafka:
        servers = kafka.bootstrap_servers
        await create_topics(servers)
        yield KafkaSettings(bootstrap_servers=servers)
        return
    broker = EmbeddedBroker(tmp_path / "broker.log")
    servers = await broker.start()
    await create_topics(servers)
    yield KafkaSettings(bootstrap_servers=servers, embedded=True)
    await broker.stop()


def an_event() -> ApplyRequested:
    return ApplyRequested(event_id=uuid4(), occurred_at=datetime.now(UTC), run_id=uuid4(), import_id=uuid4(), attempt=1)


@asynccontextmanager
async def delivering(settings: KafkaSettings, handler: Handler) -> AsyncIterator[tuple[Delivery, KafkaBroker]]:
    service = f"test-{uuid4().hex[:8]}"
    broker = build_broker(settings, service)
    delivery = Delivery(broker, service, settings, SystemClock(), policy=QUICK)
    delivery.subscribe(APPLY_REQUESTED, handler)
    await broker.start()
    try:
        yield delivery, broker
    finally:
        await broker.stop()


async def say(broker: KafkaBroker, event: ApplyRequested) -> None:
    await KafkaEventPublisher(broker, "test").publish(APPLY_REQUESTED, event, key=str(event.run_id))


async def records(settings: KafkaSettings, topic: str) -> list[Any]:
    make: Any = AIOKafkaConsumer
    consumer = make(topic, bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found: list[Any] = []
        while taken := await consumer.getmany(timeout_ms=2000):
            found += [record for batch in taken.values() for record in batch]
        return found
    finally:
        await consumer.stop()


async def test_consumers_wait_briefly_once_their_records_are_expected(settings: KafkaSettings) -> None:
    async def handle(_: ApplyRequested) -> None:
        pass

    broker = build_broker(settings, "test")
    delivery = Delivery(broker, "test", settings, SystemClock(), policy=QUICK)
    delivery.subscribe(APPLY_REQUESTED, handle)
    delivery.expect(APPLY_REQUESTED, after=IMPORT_STOPPED)
    await broker.start()
    publisher = KafkaEventPublisher(broker, "test")
    try:
        consumers = [consumer for subscriber in broker.subscribers for consumer in consumers_of(subscriber)]
        (heeded,) = (consumer for consumer in consumers if consumer.subscription() == {APPLY_REQUESTED.name})

        async def waits_briefly() -> bool:
            await publisher.publish_raw(IMPORT_STOPPED.name, b"{}", key=None, headers={})
            return bool(vars(heeded._fetcher)["_fetch_max_wait_ms"] == EMBEDDED_FETCH_WAIT_MS)  # noqa: SLF001 - as set

        if settings.embedded:
            await until(waits_briefly, within=20, what="the consumer waits briefly")
        else:
            assert len(broker.subscribers) == 1
            assert not await waits_briefly()
    finally:
        await broker.stop()


async def test_a_record_that_was_handled_is_let_go_at_once(settings: KafkaSettings) -> None:
    """Records of rows have 700 kB each: a file's would pile up until the garbage collector next looks for cycles."""
    handled = 0

    async def handle(_: ApplyRequested) -> None:
        nonlocal handled
        handled += 1

    def kept() -> int:
        objects = gc.get_objects()
        messages = [one for one in objects if isinstance(one, KafkaMessage) and one.body]
        return len(messages) + sum(isinstance(one, ConsumerRecord) and bool(one.value) for one in objects)

    async with delivering(settings, handle) as (_, broker):
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await say(broker, an_event())
            await until(lambda: handled == 20, within=20, what="all are handled")
            await until(lambda: not kept(), within=20, what="none of their bytes is kept")
        finally:
            gc.enable()


async def test_every_process_of_a_service_hears_what_is_said_to_all(settings: KafkaSettings) -> None:
    heard: list[tuple[int, Any]] = []

    def hear(process: int) -> Handler:
        async def handler(event: ApplyRequested) -> None:
            heard.append((process, event.event_id))

        return handler

    brokers = []
    for process in (1, 2):
        broker = build_broker(settings, "test")
        delivery = Delivery(broker, "test", settings, SystemClock(), policy=QUICK)
        delivery.subscribe(APPLY_REQUESTED, hear(process), every_process=True)
        await broker.start()
        assert await delivery.checks()["consumers"]()
        brokers.append(broker)
    try:
        said = []

        async def both() -> bool:
            said.append(an_event())
            await say(brokers[0], said[-1])
            return {process for process, _ in heard} == {1, 2}

        await until(both, within=60, what="both processes hear")
        assert {event_id for _, event_id in heard} <= {event.event_id for event in said}
    finally:
        for broker in brokers:
            await broker.stop()


async def test_what_is_down_is_waited_for(settings: KafkaSettings) -> None:
    calls: dict[str, int] = {}

    async def handler(event: ApplyRequested) -> None:
        run = str(event.run_id)
        calls[run] = calls.get(run, 0) + 1
        if calls[run] < 6:
            raise TransientError("database_closed", "The database is not open.")

    event = an_event()
    async with delivering(settings, handler) as (_, broker):
        await say(broker, event)
        await until(lambda: calls.get(str(event.run_id)) == 6, within=30, what="the sixth call")
    assert not [record for record in await records(settings, APPLY_REQUESTED.dead_letters) if _about(record, event)]


async def test_a_record_that_cannot_succeed_is_set_aside_and_its_run_stopped(settings: KafkaSettings) -> None:
    handled: list[str] = []
    event, poison, broken = an_event(), an_event(), an_event()

    async def handler(heard: ApplyRequested) -> None:
        if heard.run_id == poison.run_id:
            raise PermanentError("seal_broken", "A sealed value was damaged.")
        if heard.run_id == broken.run_id:
            raise ZeroDivisionError
        handled.append(str(heard.run_id))

    async with delivering(settings, handler) as (delivery, broker):
        make: Any = AIOKafkaProducer
        producer = make(bootstrap_servers=settings.bootstrap_servers)
        await producer.start()
        await producer.send_and_wait(APPLY_REQUESTED.name, b"{not json", headers=[("odd", None), ("bad", b"\xff")])
        await producer.stop()
        for said in (poison, broken, event):
            await say(broker, said)
        await until(lambda: str(event.run_id) in handled, within=30, what="the good record is handled")
        await until(lambda: len(delivery._recent_dead_letters) == 3, within=30, what="three dead letters")  # noqa: SLF001
    dead = await records(settings, APPLY_REQUESTED.dead_letters)
    codes = {dict(record.headers)["dlq_code"] for record in dead if record.value == b"{not json"}
    assert codes == {b"event_invalid"}
    by_run = {run.run_id: _code(dead, run) for run in (poison, broken)}
    assert by_run == {poison.run_id: b"seal_broken", broken.run_id: b"handler_failed"}
    stopped = await records(settings, IMPORT_STOPPED.name)
    assert {run.run_id for run in (poison, broken) if any(_about(record, run) for record in stopped)} == set(by_run)


async def test_too_many_dead_letters_stop_the_consumer(settings: KafkaSettings) -> None:
    async def handler(_: ApplyRequested) -> None:
        raise PermanentError("seal_broken", "A sealed value was damaged.")

    events = [an_event() for _ in range(QUICK.dead_letter_limit + 5)]
    async with delivering(settings, handler) as (delivery, broker):
        broker.config.broker_config.graceful_timeout = 1.0  # for the record in hand, which nobody will end
        for event in events:
            await say(broker, event)
        await until(lambda: delivery.halted, within=30, what="the consumer stops")
        await asyncio.wait_for(broker.stop(), timeout=60)
    dead = await records(settings, APPLY_REQUESTED.dead_letters)
    by_us = [record for record in dead if dict(record.headers)["dlq_service"] == delivery.service.encode()]
    assert len(by_us) == QUICK.dead_letter_limit


async def test_records_that_nobody_has_taken_up_are_counted(settings: KafkaSettings) -> None:
    taken_up, go_on = asyncio.Event(), asyncio.Event()

    event = an_event()

    async def handler(taken: ApplyRequested) -> None:
        if taken == event:
            taken_up.set()
            await go_on.wait()

    async with delivering(settings, handler) as (delivery, broker):

        async def none_waits() -> bool:
            return await delivery.waiting() == {APPLY_REQUESTED.name: 0}

        await until(delivery.checks()["consumers"], within=30, what="the consumer has its share")
        await until(none_waits, within=30, what="what others said is taken up")
        for _ in range(5):
            await say(broker, event)
        await asyncio.wait_for(taken_up.wait(), 30)
        counted = await delivery.waiting()
        go_on.set()
        await until(none_waits, within=30, what="all are taken up")
    assert counted == {APPLY_REQUESTED.name: 4}


def _about(record: Any, event: ApplyRequested) -> bool:  # a record of aiokafka
    return str(event.run_id).encode() in record.value


def _code(dead: list[Any], event: ApplyRequested) -> bytes:
    code: bytes = next(dict(record.headers)["dlq_code"] for record in dead if _about(record, event))
    return code
