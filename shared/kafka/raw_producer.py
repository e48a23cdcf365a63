"""Says records whose bytes are ready, very many a second: FastStream's own way takes five times as long for each."""

import asyncio
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from shared.kafka.broker import MAX_RECORD_BYTES
from shared.settings import KafkaSettings

_PRODUCER: Any = AIOKafkaProducer  # aiokafka has no types


class RawProducer:
    """A producer that is started by `async with` and stopped after it; loses nothing, like the service's broker."""

    def __init__(self, settings: KafkaSettings, service: str) -> None:
        self._settings = settings
        self._service = service
        self._producer: Any = None

    async def __aenter__(self) -> Self:
        """Connect; KafkaError where the broker cannot be reached."""
        producer = _PRODUCER(
            bootstrap_servers=self._settings.bootstrap_servers.split(","),
            client_id=f"contacts-sync-{self._service}-outbox",
            acks="all",
            enable_idempotence=not self._settings.embedded,
            max_request_size=MAX_RECORD_BYTES,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def begin(
        self, topic_name: str, body: bytes, *, key: str, headers: dict[str, str]
    ) -> "asyncio.Future[object]":
        """Hand a record over; returns what is done when the broker has it.

        Records of one topic and key stay in order as long as the broker refuses none. MessageSizeTooLargeError.
        """
        sent: asyncio.Future[object] = await self._producer.send(
            topic_name, body, key=key.encode(), headers=[(name, value.encode()) for name, value in headers.items()]
        )
        return sent
