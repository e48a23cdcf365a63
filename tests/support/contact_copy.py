"""Other systems' copies of managers' contacts, kept from `contacts.changed` alone."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer

from shared.topics import CONTACTS_CHANGED

_POLL_MS = 200

Contacts = dict[str, dict[str, str]]


@dataclass
class ContactCopy:
    """A copy of one manager; `last` is the number up to which all changes are in it."""

    contacts: Contacts = field(default_factory=dict)
    last: int = 0
    heard: Counter[int] = field(default_factory=Counter)
    """How often each number came."""
    _waiting: dict[int, dict[str, Any]] = field(default_factory=dict)

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event in, or keep it: only those of one contact come in order, partitions run ahead of each other."""
        self.heard[event["number"]] += 1
        if event["number"] > self.last:
            self._waiting.setdefault(event["number"], event)
        while following := self._waiting.pop(self.last + 1, None):
            self._take(following)
            self.last += 1

    def _take(self, event: dict[str, Any]) -> None:
        unique_id = event["unique_id"]
        if event["change"] == "deleted":
            del self.contacts[unique_id]
            return
        assert (event["change"] == "added") == (unique_id not in self.contacts), event
        held = self.contacts.get(unique_id, {}) | event["fields"]
        self.contacts[unique_id] = {name: value for name, value in held.items() if value != ""}


class ContactCopies:
    """Hears the topic from its beginning, while it is entered; a copy for each manager, by its id."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self.copies: defaultdict[str, ContactCopy] = defaultdict(ContactCopy)
        self.bodies: list[str] = []

    async def __aenter__(self) -> Self:
        make: Any = AIOKafkaConsumer  # aiokafka has no types
        self._consumer = make(
            CONTACTS_CHANGED.name, bootstrap_servers=self._kafka, auto_offset_reset="earliest", fetch_max_wait_ms=50
        )
        await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def hear(self) -> int:
        """Take in what has come; returns how many records that were."""
        taken = await self._consumer.getmany(timeout_ms=_POLL_MS)
        came = [record for records in taken.values() for record in records]
        for record in came:
            event = json.loads(record.value)
            assert record.key.decode() == f"{event['manager_id']}:{event['unique_id']}"
            self.bodies.append(record.value.decode())
            self.copies[event["manager_id"]].hear(event)
        return len(came)
