"""Questions to other services: asked on one topic, answered on another, which every web process hears.

An answer is known by its request id; whoever asks waits for it.
"""

import asyncio
from datetime import timedelta
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.errors import TransientError
from shared.events.base import Event
from shared.kafka.broker import build_broker
from shared.kafka.pace import EMBEDDED_FETCH_WAIT_MS, FETCH_WAIT_MS
from shared.kafka.publisher import KafkaEventPublisher
from shared.settings import KafkaSettings
from shared.topics import Topic

_log = structlog.get_logger("contacts_sync.web.questions")


class Told(Protocol):
    """An event that is known by the id of the question it belongs to."""

    @property
    def request_id(self) -> UUID:
        """The question's id."""

    @classmethod
    def model_validate_json(cls, json_data: bytes) -> Self:
        """Read the event; pydantic's ValidationError where it is none."""


Answer = TypeVar("Answer", bound=Told)


class Questions(Generic[Answer]):
    """Asks, and hears answers; connects to the broker with the first question: the pages do without it otherwise."""

    def __init__(self, settings: KafkaSettings, asked: Topic, answered: Topic, answer: type[Answer]) -> None:
        self._settings = settings
        self._asked = asked
        self._answered = answered
        self._answer = answer
        self._broker = build_broker(settings, "web")
        self._publisher = KafkaEventPublisher(self._broker, "web")
        self._connecting = asyncio.Lock()
        self._consumer: Any = None  # aiokafka has no types
        self._listening: asyncio.Task[None] | None = None
        self._waiting: dict[UUID, asyncio.Future[Answer]] = {}

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

    async def ask(self, question: Event, request_id: UUID, *, within: timedelta, unanswered: TransientError) -> Answer:
        """Return the answer; raises `unanswered` where there is none in time."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._listen()
                await self._publisher.publish(self._asked, question, key=str(request_id))
                return await answer
        except (TimeoutError, KafkaError, OSError) as error:
            raise unanswered from error
        finally:
            del self._waiting[request_id]

    async def _listen(self) -> None:
        """Hear answers from now on; without a consumer group, so that each process hears them all."""
        async with self._connecting:
            if self._listening is not None and not self._listening.done():
                return
            if self._consumer is not None:
                await self._consumer.stop()
            consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
                self._answered.name,
                bootstrap_servers=self._settings.bootstrap_servers.split(","),
                fetch_max_wait_ms=EMBEDDED_FETCH_WAIT_MS if self._settings.embedded else FETCH_WAIT_MS,
            )
            self._consumer = consumer
            await consumer.start()
            await self._broker.connect()
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)  # an answer that comes before this is known would be missed
            self._listening = asyncio.create_task(self._hear(consumer), name=f"answers on {self._answered.name}")

    async def _hear(self, consumer: Any) -> None:  # noqa: ANN401 - aiokafka has no types
        async for record in consumer:
            try:
                answer = self._answer.model_validate_json(record.value or b"")
            except ValidationError:
                _log.warning("an answer cannot be read", topic=self._answered.name, offset=record.offset)
                continue
            waiting = self._waiting.get(answer.request_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
