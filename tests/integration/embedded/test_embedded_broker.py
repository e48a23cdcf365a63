"""The embedded broker: a new, empty one on the same address after each start."""

import signal
from pathlib import Path
from typing import Any

import aiokafka
import aiokafka.admin

from services.cli.embedded.broker import EmbeddedBroker
from tests.integration.embedded.processes import living

kafka: Any = aiokafka
admin: Any = aiokafka.admin


async def topics(bootstrap_servers: str) -> list[str]:
    client = admin.AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        names: list[str] = await client.list_topics()
        return names
    finally:
        await client.close()


async def make_topic(bootstrap_servers: str) -> None:
    client = admin.AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        await client.create_topics([admin.NewTopic("import.requested", 1, 1)])
    finally:
        await client.close()


async def test_it_carries_records_and_comes_back_empty_on_the_same_address(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    address = await broker.start()
    try:
        await make_topic(address)
        async with kafka.AIOKafkaProducer(bootstrap_servers=address) as producer:
            await producer.send_and_wait("import.requested", b"one")
        consumer = kafka.AIOKafkaConsumer("import.requested", bootstrap_servers=address, auto_offset_reset="earliest")
        async with consumer:
            assert (await consumer.getone()).value == b"one"
        assert broker.resident_bytes() > 1 << 20
        broker.kill()
        assert await broker.wait() == -signal.SIGKILL
        assert broker.resident_bytes() == 0
        assert await broker.start() == address
        assert await topics(address) == []
    finally:
        await broker.stop()
    assert not living([broker.pid])


async def test_two_at_once_keep_apart(tmp_path: Path) -> None:
    one, two = EmbeddedBroker(tmp_path / "1.log"), EmbeddedBroker(tmp_path / "2.log")
    try:
        await one.start()
        await two.start()
        assert one.bootstrap_servers != two.bootstrap_servers
        await make_topic(one.bootstrap_servers)
        assert await topics(two.bootstrap_servers) == []
    finally:
        await one.stop()
        await two.stop()
