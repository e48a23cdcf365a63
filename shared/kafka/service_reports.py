"""Says `service.reported` as long as a process of a service lives."""

import asyncio
from importlib.metadata import version
from typing import Literal

import structlog
from aiokafka.errors import KafkaError

from shared.events.services import ServiceReported
from shared.ids import new_id
from shared.kafka.delivery import Delivery
from shared.kafka.metrics import CONSUMER_LAG
from shared.kafka.publisher import KafkaEventPublisher
from shared.topics import SERVICE_REPORTED

REPORT_SECONDS = 10.0
_MOST_SECONDS = 5.0
_FAILED = (KafkaError, OSError, TimeoutError)
_log = structlog.get_logger("contacts_sync.service_reports")


class ServiceReports:
    """The reports of this process, between `begin` and `end`; one that cannot be said is missed."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._publisher = KafkaEventPublisher(delivery.broker, delivery.service)
        self._process_id = new_id()
        self._started_at = delivery.clock.now()
        self._reporting: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Report from now on."""
        self._reporting = asyncio.create_task(self._go_on(), name="service reports")

    async def end(self) -> None:
        """Say that the process stops."""
        if self._reporting is not None:
            self._reporting.cancel()
            await asyncio.gather(self._reporting, return_exceptions=True)
            await self._report("stopped")

    async def _go_on(self) -> None:
        while True:
            await self._report("halted" if self._delivery.halted else "working")
            await asyncio.sleep(REPORT_SECONDS)

    async def _report(self, state: Literal["working", "halted", "stopped"]) -> None:
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                waiting = {} if state == "stopped" else await self._delivery.waiting()
                await self._say(state, waiting)
        except _FAILED as error:
            _log.warning("a report was missed", service=self._delivery.service, error=type(error).__name__)

    async def _say(self, state: Literal["working", "halted", "stopped"], waiting: dict[str, int]) -> None:
        delivery = self._delivery
        for topic, records in waiting.items():
            CONSUMER_LAG.labels(delivery.service, topic).set(records)
        reported = ServiceReported(
            event_id=new_id(),
            occurred_at=delivery.clock.now(),
            service=delivery.service,
            process_id=self._process_id,
            started_at=self._started_at,
            version=version("contacts-sync"),
            state=state,
            reason=delivery.halted,
            waiting=waiting,
        )
        await self._publisher.publish(SERVICE_REPORTED, reported, key=str(self._process_id))
