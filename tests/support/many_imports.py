"""Many imports due at once, asked of a running system's fetcher by events alone, from a server that is slow."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from shared.events.runs import ImportRequested
from shared.events.set_up import ParsedColumn, ParseRules, RemoteSource
from shared.kafka.broker import build_broker
from shared.kafka.publisher import KafkaEventPublisher
from shared.rules.kinds import Kind
from shared.settings import KafkaSettings
from shared.topics import FILE_FETCHED, IMPORT_REQUESTED
from tests.support.hostile_http import HostileHttpServer, Request, send_file
from tests.support.stack import Stack

_CONSUMER: Any = AIOKafkaConsumer  # aiokafka has no types


class SlowServer:
    """A web server that serves any path, each answer after so many seconds."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._server = HostileHttpServer(self._behave)
        self._now = 0
        self.most_at_once = 0
        self.answered = 0

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    def url(self, number: int) -> str:
        """Return the URL of the file of that number."""
        return self._server.url(f"/people-{number}.csv")

    async def _behave(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await asyncio.sleep(self._answer_seconds)
            await send_file(request, writer, f"No,Name\n1,{request.target}\n".encode())
            self.answered += 1
        finally:
            self._now -= 1


@dataclass(frozen=True)
class Fetched:
    """How many files came, and how long after they were asked for the last one did."""

    files: int
    seconds: float


async def fetch_all(stack: Stack, server: SlowServer, *, imports: int, within: float) -> Fetched:
    """Ask for all of them at once; returns when all are fetched, or when the time is over."""
    broker = build_broker(KafkaSettings(bootstrap_servers=stack.kafka, embedded=stack.embedded_broker), "scheduler")
    consumer: Any = _CONSUMER(
        FILE_FETCHED.name, bootstrap_servers=stack.kafka, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await broker.connect()
    await consumer.start()
    try:
        wanted = [_wanted(server.url(number)) for number in range(imports)]
        publisher = KafkaEventPublisher(broker, "scheduler")
        runs = {str(event.run_id) for event in wanted}
        began = time.perf_counter()
        await asyncio.gather(*(publisher.publish(IMPORT_REQUESTED, event, key=str(event.run_id)) for event in wanted))
        last = began
        while runs and (left := began + within - time.perf_counter()) > 0:
            for records in (await consumer.getmany(timeout_ms=min(200, round(left * 1000)))).values():
                for record in records:
                    runs.discard(record.key.decode())
                    last = time.perf_counter()
        return Fetched(imports - len(runs), last - began)
    finally:
        await consumer.stop()
        await broker.stop()


def _wanted(url: str) -> ImportRequested:
    rules = ParseRules(
        manager_id=uuid4(),
        columns=[ParsedColumn(column="Name", field=2, kind=Kind.TEXT)],
        key_field=1,
        key_column="No",
    )
    return ImportRequested(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        run_id=uuid4(),
        import_id=uuid4(),
        attempt=1,
        source=RemoteSource(url=url),
        parse=rules,
    )
