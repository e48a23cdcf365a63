"""Records that were set aside: read from the dead-letter topics, shown without secrets, said again."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.errors import UserError
from shared.events.base import RunEvent
from shared.kafka.broker import build_broker
from shared.kafka.publisher import KafkaEventPublisher
from shared.postgres.outbox import RESENT
from shared.settings import KafkaSettings
from shared.topics import ALL, DEAD_LETTER_SUFFIX, Topic

CUT = "(sealed)"
_SEALED_KEYS = frozenset({"secrets", "sealed", "fingerprint", "password", "private_key"})
_READ_SECONDS = 30.0
_POLL_MS = 1000
_CONSUMER: Any = AIOKafkaConsumer  # aiokafka has no types


@dataclass(frozen=True)
class DeadLetter:
    """A record that was set aside, and where it lies in its dead-letter topic."""

    topic: Topic
    partition: int
    offset: int
    key: str | None
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def about(self, name: str) -> str:
        """Return what was noted when it was set aside: code, service, at, error, topic, partition, offset."""
        return self.headers.get(f"dlq_{name}", "?")

    @property
    def moment(self) -> datetime | None:
        """Return when it was set aside; None where that was not noted."""
        try:
            return datetime.fromisoformat(self.about("at"))
        except ValueError:
            return None

    def shown_body(self) -> str:
        """Return the body for people to read, sealed values cut; one that is no JSON by its first bytes."""
        try:
            return json.dumps(_cut(json.loads(self.topic.event.json_of(self.body))), indent=2, ensure_ascii=False)
        except ValueError:
            return f"not JSON, {len(self.body)} bytes, which begin {self.body[:80]!r}"


def _cut(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {
            name: CUT if name in _SEALED_KEYS and inner is not None else _cut(inner) for name, inner in value.items()
        }
    return [_cut(inner) for inner in value] if isinstance(value, list) else value


def find_topic(name: str) -> Topic:
    """Return the topic of a name, with or without `.dlq`; UserError `unknown_topic`."""
    plain = name.removesuffix(DEAD_LETTER_SUFFIX)
    for topic in ALL:
        if topic.name == plain:
            return topic
    names = ", ".join(topic.name for topic in ALL)
    raise UserError("unknown_topic", f'There is no topic "{name[:60]}": {names}.', field="topic")


@contextlib.asynccontextmanager
async def _consumer(settings: KafkaSettings, client_id: str) -> AsyncIterator[Any]:
    consumer = _CONSUMER(
        bootstrap_servers=settings.bootstrap_servers.split(","),
        client_id=client_id,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def read_dead_letters(
    settings: KafkaSettings, topics: Iterable[Topic] = ALL, *, newest: int | None = None, who: str = "cli"
) -> list[DeadLetter]:
    """Return the dead letters that lie in the topics now, by topic, partition and offset; `who` asks the broker.

    `newest`: of each partition only so many.
    """
    by_name = {topic.dead_letters: topic for topic in topics}
    async with _consumer(settings, f"contacts-sync-{who}") as consumer, asyncio.timeout(_READ_SECONDS):
        existing = await consumer.topics()
        places = [
            TopicPartition(name, number)
            for name in by_name
            if name in existing
            for number in sorted(await _partitions(consumer, name))
        ]
        if not places:
            return []
        consumer.assign(places)
        begins: dict[TopicPartition, int] = await consumer.beginning_offsets(places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        starts = begins if newest is None else {each: max(begins[each], ends[each] - newest) for each in places}
        found = await _between(consumer, by_name, starts, ends)
    return sorted(found, key=lambda letter: (letter.topic.name, letter.partition, letter.offset))


async def _between(
    consumer: Any,  # noqa: ANN401 - aiokafka has no types
    topics: dict[str, Topic],
    starts: dict[TopicPartition, int],
    ends: dict[TopicPartition, int],
) -> list[DeadLetter]:
    """Read the places that are assigned, each from its start until before its end."""
    for place, start in starts.items():
        consumer.seek(place, start)
    found: list[DeadLetter] = []
    open_places = {place for place, start in starts.items() if start < ends[place]}
    while open_places:
        batch = await consumer.getmany(*open_places, timeout_ms=_POLL_MS)
        for place, records in batch.items():
            found += [_dead_letter(topics[place.topic], each) for each in records if each.offset < ends[place]]
        open_places = {place for place in open_places if await consumer.position(place) < ends[place]}
    return found


async def _partitions(consumer: Any, name: str) -> set[int]:  # noqa: ANN401 - aiokafka has no types
    numbers: set[int] | None = consumer.partitions_for_topic(name)
    return numbers or set()


def _dead_letter(topic: Topic, record: Any) -> DeadLetter:  # noqa: ANN401 - aiokafka has no types
    return DeadLetter(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key.decode("utf-8", "replace") if record.key is not None else None,
        headers={name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
        body=record.value or b"",
    )


async def find_dead_letter(
    settings: KafkaSettings, topic: Topic, partition: int, offset: int, *, who: str = "cli"
) -> DeadLetter:
    """Return one dead letter by its place in the dead-letter topic; UserError `dead_letter_not_found`."""
    place = TopicPartition(topic.dead_letters, partition)
    async with _consumer(settings, f"contacts-sync-{who}") as consumer, asyncio.timeout(_READ_SECONDS):
        if place.topic in await consumer.topics() and partition in await _partitions(consumer, place.topic):
            consumer.assign([place])
            begins, ends = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
            if begins[place] <= offset < ends[place]:
                found = await _between(consumer, {place.topic: topic}, {place: offset}, {place: offset + 1})
                if found:
                    return found[0]
    message = f"{topic.dead_letters} has no record at partition {partition}, offset {offset}: list them first."
    raise UserError("dead_letter_not_found", message)


async def say_again(settings: KafkaSettings, letter: DeadLetter, *, who: str = "cli") -> None:
    """Publish the record to the topic it came from, with its key and its own headers."""
    # One record needs no idempotent producer, and so it need not be known whether the broker has that.
    broker = build_broker(settings.model_copy(update={"embedded": True}), who)
    await broker.connect()
    try:
        headers = {name: value for name, value in letter.headers.items() if not name.startswith("dlq_")}
        publisher = KafkaEventPublisher(broker, who)
        await publisher.publish_raw(letter.topic.name, letter.body, key=letter.key, headers=headers)
    finally:
        await broker.stop()


def starts_a_run(letter: DeadLetter) -> bool:
    """Tell whether replaying means a new run: the run the record belonged to has been ended since."""
    return issubclass(letter.topic.event, RunEvent) and letter.topic.name not in RESENT


def import_of(letter: DeadLetter) -> UUID:
    """Return the import that the record's run was of, to be run again; UserError `record_unreadable`."""
    try:
        return UUID(json.loads(letter.topic.event.json_of(letter.body))["import_id"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = "The record does not tell its import any more: run the import again by hand."
        raise UserError("record_unreadable", message) from error
