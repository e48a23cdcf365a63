"""Another system's copy of a manager's contacts, kept from `contacts.changed` alone."""

import json
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer

from shared.topics import CONTACTS_CHANGED

_POLL_MS = 200


@dataclass
class ContactCopy:
    """Hears the topic from its beginning while it is entered; of all managers only one counts."""

    kafka: str
    manager_id: str
    contacts: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: Counter[int] = field(default_factory=Counter)
    """How often each number came."""
    bodies: list[str] = field(default_factory=list)
    _waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    _last: int = 0

    async def __aenter__(self) -> Self:
        make: Any = AIOKafkaConsumer  # aiokafka has no types
        self._consumer = make(
            CONTACTS_CHANGED.name, bootstrap_servers=self.kafka, auto_offset_reset="earliest", fetch_max_wait_ms=50
        )
        await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def hear(self) -> int:
        """Take in what has come; returns the number up to which all changes are in."""
        taken = await self._consumer.getmany(timeout_ms=_POLL_MS)
        for record in (record for records in taken.values() for record in records):
            event = json.loads(record.value)
            if event["manager_id"] != self.manager_id:
                continue
            assert record.key.decode() == f"{self.manager_id}:{event['unique_id']}"
            self.heard[event["number"]] += 1
            self.bodies.append(record.value.decode())
            if event["number"] > self._last:
                self._waiting.setdefault(event["number"], event)
        # Only records of one contact come in their order: partitions run ahead of each other.
        while event := self._waiting.pop(self._last + 1, None):
            self._take(event)
            self._last += 1
        return self._last

    def _take(self, event: dict[str, Any]) -> None:
        unique_id, fields = event["unique_id"], event["fields"]
        if event["change"] == "deleted":
            del self.contacts[unique_id]
            return
        assert (event["change"] == "added") == (unique_id not in self.contacts)
        held = self.contacts.get(unique_id, {}) | fields
        self.contacts[unique_id] = {name: value for name, value in held.items() if value != ""}
