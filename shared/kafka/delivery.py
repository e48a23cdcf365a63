"""Delivery of one topic's records to one handler: at least once, retried with growing waits, dead-lettered at last.

What can fail is told apart by what to do next. Something that is down (database, broker, object store) is waited for,
and the record stays; a record that cannot succeed goes to its dead-letter topic with its error, and its run is
stopped; when too many do, the fault is ours and the consumer stops rather than dead-letter everything.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from pydantic import ValidationError

from shared.clock import Clock
from shared.errors import ContactsSyncError, PermanentError, TransientError
from shared.events.base import Event, RunEvent
from shared.events.runs import ImportStopped
from shared.ids import new_id
from shared.kafka.broker import broker_answers, consumers_of, let_go, records_waiting
from shared.kafka.dead_letter_headers import dead_letter_headers
from shared.kafka.delivery_policy import DeliveryPolicy
from shared.kafka.joins import Joins
from shared.kafka.metrics import DEAD_LETTERS, EVENTS_HANDLED, HANDLING_SECONDS
from shared.kafka.pace import FETCH_WAIT_MS, EmbeddedPace
from shared.kafka.publisher import KafkaEventPublisher
from shared.settings import KafkaSettings
from shared.topics import IMPORT_STOPPED, Topic

_COMMIT_MS = 1000

DOWN: tuple[type[Exception], ...] = (TransientError, OSError, TimeoutError, KafkaError)
"""What says that something is down or in the way for now; nothing is wrong with the record."""

AnyEvent = TypeVar("AnyEvent", bound=Event)


@dataclass
class Delivery:
    """A service's consumers: registers handlers and delivers to them; `halted` says why it has stopped, if it has."""

    broker: KafkaBroker
    service: str
    settings: KafkaSettings
    clock: Clock
    policy: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    also_down: tuple[type[Exception], ...] = ()
    """Errors of what else the service stands on (its database) that mean: down for now."""
    halted: str | None = None
    _recent_dead_letters: deque[float] = field(default_factory=deque)
    _joins: "list[Joins]" = field(default_factory=list)
    _grouped: dict[str, Any] = field(default_factory=dict)
    """By topic the subscribers whose records some process of the service has to take up."""
    _paced: "dict[str, tuple[Any, EmbeddedPace]]" = field(default_factory=dict)
    """By topic the subscribers in haste, on the embedded broker alone."""

    def __post_init__(self) -> None:
        """Build what says dead letters."""
        self._publisher = KafkaEventPublisher(self.broker, self.service)
        self._log = structlog.get_logger(f"contacts_sync.{self.service}.delivery")

    def subscribe(
        self,
        topic: Topic,
        handler: Callable[[AnyEvent], Awaitable[None]],
        *,
        workers: int = 1,
        unhurried: bool = False,
        every_process: bool = False,
        may_be_lost: bool = False,
    ) -> None:
        """Deliver a topic's events to a handler; `workers` records at once, one for each partition at most.

        Events that `may_be_lost` with the process, because somebody sees to it that they are said again, are committed
        now and then: a thousand of them are not a thousand round trips.

        `unhurried` events may come a moment later, and cost an idle process less. With `every_process` each process of
        the service hears each event said while it runs, and no other.
        """
        pace = EmbeddedPace() if self.settings.embedded and not unhurried else None
        listener = None if every_process else Joins()
        self._joins += [listener] if listener else []

        async def consume(message: KafkaMessage) -> None:
            if pace is not None:
                pace.heard(message.consumer)
            try:
                await self._deliver(topic, handler, message.body, message.raw_message)
            finally:
                let_go(message)

        subscriber = self.broker.subscriber(
            topic.name,
            group_id=None if every_process else f"{self.service}.{topic.name}",
            auto_offset_reset="latest" if every_process else "earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=round(self.settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=round(self.settings.session_timeout_seconds * 1000 / 4),
            max_poll_interval_ms=round(self.settings.max_poll_seconds * 1000),
            max_workers=workers if workers > 1 else None,
            listener=listener,
            # Without a group nothing is committed.
            ack_policy=AckPolicy.ACK_FIRST if every_process or may_be_lost else AckPolicy.NACK_ON_ERROR,
            auto_commit_interval_ms=_COMMIT_MS,
        )
        subscriber(consume)
        if not every_process:
            self._grouped[topic.name] = subscriber
        if pace is not None:
            self._paced[topic.name] = subscriber, pace

    def expect(self, *topics: Topic, after: Topic) -> None:
        """Have the consumers of these topics wait briefly from a record of another one on: theirs will soon follow.

        It matters on the embedded broker alone, whose first record after a pause else comes half a second late.
        """
        if not self.settings.embedded:
            return

        async def wake(_: KafkaMessage) -> None:
            for subscriber, pace in (self._paced[topic.name] for topic in topics):
                for consumer in consumers_of(subscriber):
                    pace.heard(consumer)

        self.broker.subscriber(
            after.name,
            group_id=None,
            auto_offset_reset="latest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            ack_policy=AckPolicy.ACK_FIRST,
        )(wake)

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        """Return what `/readyz` asks: the broker answers, every subscription has been given its share."""
        return {"broker": lambda: broker_answers(self.broker), "consumers": self._has_joined}

    async def waiting(self) -> dict[str, int]:
        """Return by topic how many records nobody has taken up yet, of the partitions that this process has."""
        return {topic: await records_waiting(subscriber) for topic, subscriber in self._grouped.items()}

    async def _has_joined(self) -> bool:
        return all(listener.joined for listener in self._joins)

    async def _deliver(
        self,
        topic: Topic,
        handler: Callable[[AnyEvent], Awaitable[None]],
        body: bytes,
        record: Any,  # noqa: ANN401
    ) -> None:
        try:
            event = topic.event.from_body(body)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) or e["type"] for e in error.errors()[:5])
            problem = PermanentError("event_invalid", f"Not a valid {topic.event.__name__}: {fields}.")
            await self._dead_letter(topic, body, record, problem)
            return
        log = self._log.bind(topic=topic.name, event_id=str(event.event_id), run_id=_run_id(event))
        with HANDLING_SECONDS.labels(self.service, topic.name).time():
            outcome = await self._try(topic, handler, event, body, record, log)  # type: ignore[arg-type]
        EVENTS_HANDLED.labels(self.service, topic.name, outcome).inc()

    async def _try(
        self,
        topic: Topic,
        handler: Callable[[AnyEvent], Awaitable[None]],
        event: AnyEvent,
        body: bytes,
        record: Any,  # noqa: ANN401
        log: Any,  # noqa: ANN401
    ) -> str:
        started = asyncio.get_running_loop().time()
        wait, tries = self.policy.first_wait, 0
        while True:
            try:
                await handler(event)
            except (PermanentError, MessageSizeTooLargeError) as error:
                await self._dead_letter(topic, body, record, error)
                return "dead_letter"
            except (*DOWN, *self.also_down) as error:
                log.warning("waiting for something that is down", error=repr(error), wait=wait)
                if asyncio.get_running_loop().time() - started > self.policy.patience:
                    raise
            except Exception as error:
                tries += 1
                log.exception("handler failed", tries=tries)
                if tries >= self.policy.tries:
                    await self._dead_letter(topic, body, record, error)
                    return "dead_letter"
            else:
                return "ok"
            await asyncio.sleep(wait)
            wait = min(wait * 2, self.policy.longest_wait)

    async def _dead_letter(self, topic: Topic, body: bytes, record: Any, error: Exception) -> None:  # noqa: ANN401
        now = asyncio.get_running_loop().time()
        recent = self._recent_dead_letters
        while recent and recent[0] < now - self.policy.dead_letter_window:
            recent.popleft()
        if len(recent) >= self.policy.dead_letter_limit:
            self.halted = f"more than {self.policy.dead_letter_limit} dead letters in a minute on {topic.name}"
            self._log.critical("consumer stopped", reason=self.halted)
            await asyncio.Event().wait()
        recent.append(now)
        code = error.code if isinstance(error, ContactsSyncError) else "handler_failed"
        self._log.error("dead letter", topic=topic.name, code=code, offset=record.offset)
        DEAD_LETTERS.labels(self.service, topic.name, code).inc()
        headers = dead_letter_headers(topic, record, error, code=code, service=self.service, at=self.clock.now())
        key = record.key.decode("utf-8", "replace") if record.key is not None else None
        await self._publisher.publish_raw(topic.dead_letters, body, key=key, headers=headers)
        await self._stop_run(topic, body, code)

    async def _stop_run(self, topic: Topic, body: bytes, code: str) -> None:
        """End the run that a dead letter belongs to, so far as the record still tells which; it must not hang."""
        try:
            about = json.loads(topic.event.json_of(body))
            stopped = ImportStopped(
                event_id=new_id(),
                occurred_at=self.clock.now(),
                run_id=about["run_id"],
                import_id=about["import_id"],
                attempt=about["attempt"],
                outcome="failed",
                code="record_rejected",
                message=f"An internal step ({topic.name}) could not be done ({code}). The record was set aside; "
                "run the import again, and tell those who operate this system if it happens again.",
            )
        except (ValueError, TypeError, KeyError):
            return
        if topic.name not in {IMPORT_STOPPED.name, "import.finished"}:
            await self._publisher.publish(IMPORT_STOPPED, stopped, key=str(stopped.run_id))


def _run_id(event: Event) -> str | None:
    return str(event.run_id) if isinstance(event, RunEvent) else None
