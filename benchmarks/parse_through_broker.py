"""The parser as it runs: chunks come by the embedded broker, and batches go out by it."""

import asyncio
import base64
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.ports import free_port
from shared.events.files import ChunkReady
from shared.kafka.broker import build_broker
from shared.kafka.publisher import KafkaEventPublisher
from shared.kafka.topic_admin import create_topics
from shared.settings import KafkaSettings
from shared.topics import CHUNK_READY, ROWS_PARSED

_READY_SECONDS = 60.0


async def through_broker(chunks: Sequence[ChunkReady], rows: int, folder: Path, key: bytes, parsers: int) -> float:
    """Return how long so many parsers take from the first chunk said until all rows have come back."""
    broker = EmbeddedBroker(folder / "broker.log")
    address = await broker.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(broker.stop)
        await create_topics(address)
        for _ in range(parsers):
            await _start_parser(stack, address, folder, key)
        make_consumer: Any = AIOKafkaConsumer
        consumer = make_consumer(ROWS_PARSED.name, bootstrap_servers=address, auto_offset_reset="earliest")
        await stack.enter_async_context(consumer)
        settings = KafkaSettings(bootstrap_servers=address, embedded=True)
        kafka = await stack.enter_async_context(build_broker(settings, "benchmark"))
        began = time.perf_counter()
        await KafkaEventPublisher(kafka, "benchmark").publish_all(CHUNK_READY, _keyed(chunks))
        left = rows
        while left > 0:
            record = await consumer.getone()
            head, _, tail = record.value.partition(b'"rows":"')
            left -= int(re.findall(rb'"good":(\d+)', head)[0]) + tail.count(b'"id_unreadable":')
        return time.perf_counter() - began


async def _keyed(chunks: Sequence[ChunkReady]) -> AsyncIterator[tuple[str, ChunkReady]]:
    for chunk in chunks:
        yield f"{chunk.run_id}:{chunk.chunk.index}", chunk


async def _start_parser(stack: AsyncExitStack, address: str, folder: Path, key: bytes) -> None:
    port = free_port()
    environment = os.environ | {
        "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": address,
        "CONTACTS_SYNC_KAFKA__EMBEDDED": "true",
        "CONTACTS_SYNC_OBJECTS__URL": f"file://{folder}/objects",
        "CONTACTS_SYNC_SECRETS__KEYS": f'["{base64.b64encode(key).decode()}"]',
        "CONTACTS_SYNC_HEALTH__PORT": str(port),
    }
    command = [sys.executable, "-m", "services.cli.main", "run", "parser"]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=quiet, stderr=quiet)
    stack.push_async_callback(process.wait)
    stack.callback(process.terminate)
    async with httpx.AsyncClient() as client, asyncio.timeout(_READY_SECONDS):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success:
                    return
            await asyncio.sleep(0.05)
