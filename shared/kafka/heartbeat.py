"""A run's heartbeat: says `import.progressed` while work on it lasts.

Work that is done in a moment needs no beat: what comes of it tells more. While figures change there is a beat each
second, for those who watch; otherwise only so often that nobody takes the run for lost.
"""

import asyncio
from typing import Literal, Self

import structlog
from aiokafka.errors import KafkaError

from shared.clock import Clock
from shared.events.base import RunEvent
from shared.events.runs import ImportProgressed
from shared.ids import new_id
from shared.kafka.publisher import EventPublisher
from shared.topics import IMPORT_PROGRESSED

FIRST_BEAT_SECONDS = 0.25
BEAT_SECONDS = 1.0
QUIET_BEATS = 10
"""While there is nothing new only one beat of so many is said; the scheduler asks again after 15 s of silence."""
_log = structlog.get_logger("contacts_sync.heartbeat")


class Heartbeat:
    """Beats for the event's run while it is entered; what is known of the download goes along."""

    def __init__(
        self,
        event: RunEvent,
        publisher: EventPublisher,
        clock: Clock,
        *,
        step: Literal["fetching", "staging"],
        service: str,
        at_once: bool = False,
    ) -> None:
        """`at_once`: somebody waits to see that the work has begun."""
        self._event = event
        self._publisher = publisher
        self._clock = clock
        self._step = step
        self._service = service
        self._waited_ms = max(0, round((clock.now() - event.occurred_at).total_seconds() * 1000))
        self._first_wait = 0.0 if at_once else FIRST_BEAT_SECONDS
        self._beating: asyncio.Task[None] | None = None
        self._said: tuple[object, ...] | None = None
        self.bytes: int | None = None
        self.bytes_total: int | None = None
        self.host_key: str | None = None
        self.waits_for_turn = False

    async def __aenter__(self) -> Self:
        """Begin to beat."""
        self._beating = asyncio.create_task(self._beat_on(), name=f"heartbeat {self._event.run_id}")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        if self._beating:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat_on(self) -> None:
        await asyncio.sleep(self._first_wait)
        left_out = 0
        while True:
            if self._said == self._figures() and left_out < QUIET_BEATS - 1:
                left_out += 1
            else:
                left_out = 0
                await self._beat()
            await asyncio.sleep(BEAT_SECONDS)

    def _figures(self) -> tuple[object, ...]:
        return self.bytes, self.bytes_total, self.host_key, self.waits_for_turn

    async def _beat(self) -> None:
        """Beat once; a beat that cannot be said is missed, and the work goes on."""
        try:
            await self._say()
        except (KafkaError, OSError) as error:
            _log.warning("a beat was missed", run_id=str(self._event.run_id), error=type(error).__name__)

    async def _say(self) -> None:
        event, figures = self._event, self._figures()
        progressed = ImportProgressed(
            event_id=new_id(),
            occurred_at=self._clock.now(),
            run_id=event.run_id,
            import_id=event.import_id,
            attempt=event.attempt,
            step=self._step,
            service=self._service,
            bytes=self.bytes,
            bytes_total=self.bytes_total,
            waited_ms=self._waited_ms,
            host_key=self.host_key,
            waits_for_turn=self.waits_for_turn,
        )
        await self._publisher.publish(IMPORT_PROGRESSED, progressed, key=str(event.run_id))
        self._said = figures
