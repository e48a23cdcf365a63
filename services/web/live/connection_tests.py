"""Asks the fetcher to try a source, and waits for the answer, which every web process hears and knows by request id."""

import asyncio
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.clock import Clock
from shared.errors import TransientError
from shared.events.connection_tests import ConnectionTested, ConnectionTestRequested
from shared.events.set_up import RemoteSource
from shared.ids import new_id
from shared.kafka.broker import build_broker
from shared.kafka.publisher import KafkaEventPublisher
from shared.settings import KafkaSettings
from shared.topics import CONNECTION_TEST_REQUESTED, CONNECTION_TESTED

LONGEST_WAIT = timedelta(seconds=60)
"""Longer than the fetcher's own limits for connecting; nobody looks at a page for longer."""

_log = structlog.get_logger("contacts_sync.web.connection_tests")


class ConnectionTests:
    """Connects to the broker with the first test: the pages do without it otherwise."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._broker = build_broker(settings, "web")
        self._publisher = KafkaEventPublisher(self._broker, "web")
        self._connecting = asyncio.Lock()
        self._consumer: Any = None  # aiokafka has no types
        self._listening: asyncio.Task[None] | None = None
        self._waiting: dict[UUID, asyncio.Future[ConnectionTested]] = {}

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
        await self._broker.stop()

    async def try_source(self, source: RemoteSource, *, time_zone: str = "UTC") -> ConnectionTested:
        """Return how far a try came; TransientError `connection_test_unanswered` where nobody answers in time."""
        request_id = new_id()
        answer: asyncio.Future[ConnectionTested] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        now = self._clock.now()
        wanted = ConnectionTestRequested(
            event_id=new_id(),
            occurred_at=now,
            request_id=request_id,
            source=source,
            time_zone=time_zone,
            wanted_until=now + LONGEST_WAIT,
        )
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                await self._listen()
                await self._publisher.publish(CONNECTION_TEST_REQUESTED, wanted, key=str(request_id))
                return await answer
        except (TimeoutError, KafkaError, OSError) as error:
            raise TransientError(
                "connection_test_unanswered", "The test was not answered in time; try it again in a moment."
            ) from error
        finally:
            del self._waiting[request_id]

    async def _listen(self) -> None:
        """Hear answers from now on; without a consumer group, so that each process hears them all."""
        async with self._connecting:
            if self._listening is not None and not self._listening.done():
                return
            if self._consumer is not None:
                await self._consumer.stop()
            await self._broker.connect()
            servers = self._settings.bootstrap_servers.split(",")
            consumer: Any = AIOKafkaConsumer(CONNECTION_TESTED.name, bootstrap_servers=servers)  # type: ignore[no-untyped-call]
            self._consumer = consumer
            await consumer.start()
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)  # an answer that comes before this is known would be missed
            self._listening = asyncio.create_task(self._hear(consumer), name="connection tests")

    async def _hear(self, consumer: Any) -> None:  # noqa: ANN401 - aiokafka has no types
        async for record in consumer:
            try:
                tested = ConnectionTested.model_validate_json(record.value or b"")
            except ValidationError:
                _log.warning("an answer to a connection test cannot be read", offset=record.offset)
                continue
            answer = self._waiting.get(tested.request_id)
            if answer is not None and not answer.done():
                answer.set_result(tested)
