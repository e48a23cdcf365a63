"""The Apache Kafka of tests/support, proved with a real client."""

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.kafka_jars import jars_folder
from tests.support.kafka_server import KafkaServer, java_and_maven_missing
from tests.support.ports import accepts_connections

DEADLINE = 20
# aiokafka has no types.
Admin: Any = AIOKafkaAdminClient
Consumer: Any = AIOKafkaConsumer
Producer: Any = AIOKafkaProducer
Topic: Any = NewTopic


async def test_kafka_keeps_messages_over_a_crash(tmp_path: Path) -> None:
    if missing := java_and_maven_missing():
        pytest.skip(missing)
    async with KafkaServer(tmp_path) as server:
        await _make_topic(server, "people")
        await _produce(server, b"before the crash")
        crashed = server.pid
        server.kill()
        assert not accepts_connections(int(server.bootstrap_servers.rpartition(":")[2]))
        await server.restart()
        assert server.pid != crashed
        await _produce(server, b"after the crash")
        assert await _consume(server, 2) == [b"before the crash", b"after the crash"]
        version = jars_folder().name.split("-")[1]
        assert f"Kafka version: {version}" in server.printed
    assert not accepts_connections(int(server.bootstrap_servers.rpartition(":")[2]))
    assert not psutil.pid_exists(server.pid)


async def _make_topic(server: KafkaServer, topic: str) -> None:
    admin = Admin(bootstrap_servers=server.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([Topic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _produce(server: KafkaServer, value: bytes) -> None:
    async with Producer(bootstrap_servers=server.bootstrap_servers, enable_idempotence=True) as producer:
        await asyncio.wait_for(producer.send_and_wait("people", value), DEADLINE)


async def _consume(server: KafkaServer, count: int) -> list[bytes]:
    consumer = Consumer(
        "people",
        bootstrap_servers=server.bootstrap_servers,
        group_id="readers",
        auto_offset_reset="earliest",
        session_timeout_ms=1_000,
        heartbeat_interval_ms=300,
    )
    async with consumer, asyncio.timeout(DEADLINE):
        return [(await consumer.getone()).value for _ in range(count)]
