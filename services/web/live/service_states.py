"""How the processes of the services stand, by what they report; heard by every web process."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import BaseModel, Field, ValidationError

from shared.clock import Clock
from shared.events.services import ServiceReported
from shared.settings import KafkaSettings
from shared.topics import SERVICE_REPORTED

SILENT_AFTER: Final = timedelta(seconds=35)
"""Three reports have failed to come."""
_FORGOTTEN_AFTER: Final = timedelta(minutes=10)
_RECONNECT_WAIT: Final = 2.0
_FETCH_WAIT_MS: Final = 500
_FAILED: Final = (KafkaError, OSError, TimeoutError)
_log = structlog.get_logger("contacts_sync.web.service_states")


class ProcessState(BaseModel):
    """How one process of a service stands."""

    process_id: UUID
    state: Literal["working", "halted", "silent"] = Field(
        description="halted: a consumer has stopped, since too many records failed, or a loop; silent: no report comes"
    )
    reason: str | None
    started_at: datetime
    heard_at: datetime = Field(description="When it last reported")
    version: str
    waiting: dict[str, int] = Field(description="By topic the records that nobody has taken up, of its partitions")


class ServiceState(BaseModel):
    """A service and those of its processes that were heard of in the last ten minutes; none may be left."""

    service: str
    processes: list[ProcessState]


@dataclass(frozen=True)
class _Heard:
    report: ServiceReported
    at: datetime


class ServiceStates:
    """Listens while it is entered, also for a broker that is not there yet."""

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._heard: dict[UUID, _Heard] = {}
        self._listening: asyncio.Task[None] | None = None
        self._listens_since: datetime | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen(), name="service states")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def current(self) -> list[ServiceState] | None:
        """Return all services and how they stand; None while nothing can be known: this process has just begun."""
        now = self._clock.now()
        self._heard = {key: heard for key, heard in self._heard.items() if now - heard.at < _FORGOTTEN_AFTER}
        if not self._heard and (self._listens_since is None or now - self._listens_since < SILENT_AFTER):
            return None
        return [
            ServiceState(
                service=service,
                processes=[_state(each, now) for each in self._heard.values() if each.report.service == service],
            )
            for service in SERVICE_REPORTED.said_by
        ]

    def listens(self) -> None:
        """Note that from now on whoever reports is heard."""
        self._listens_since = self._listens_since or self._clock.now()

    async def _listen(self) -> None:
        while True:
            consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
                SERVICE_REPORTED.name,
                bootstrap_servers=self._settings.bootstrap_servers.split(","),
                auto_offset_reset="latest",
                fetch_max_wait_ms=_FETCH_WAIT_MS,
            )
            try:
                await consumer.start()
                self.listens()
                async for record in consumer:
                    self.hear(record.value or b"")
            except _FAILED as error:
                _log.warning("reports cannot be heard", error=type(error).__name__)
            finally:
                await consumer.stop()
            await asyncio.sleep(_RECONNECT_WAIT)

    def hear(self, body: bytes) -> None:
        """Note a report; one that cannot be read is left out."""
        try:
            report = ServiceReported.from_body(body)
        except ValidationError:
            _log.warning("a report cannot be read", length=len(body))
            return
        if report.state == "stopped":
            self._heard.pop(report.process_id, None)
        else:
            self._heard[report.process_id] = _Heard(report, self._clock.now())


def _state(heard: _Heard, now: datetime) -> ProcessState:
    report = heard.report
    state: Literal["working", "halted", "silent"] = "halted" if report.state == "halted" else "working"
    return ProcessState(
        process_id=report.process_id,
        state="silent" if now - heard.at > SILENT_AFTER else state,
        reason=report.reason,
        started_at=report.started_at,
        heard_at=heard.at,
        version=report.version,
        waiting=report.waiting,
    )
