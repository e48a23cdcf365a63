"""Copies of managers' contacts, kept from `contacts.changed` alone as docs/examples keeps them."""

import json
import sqlite3
from collections import Counter, defaultdict
from types import TracebackType
from typing import Any, Self

import asyncpg
from aiokafka import AIOKafkaConsumer

from docs.examples.contact_copy import ContactCopy
from shared.topics import CONTACTS_CHANGED

_POLL_MS = 200
_CONTACTS = """
SELECT c.manager_id::text, c.unique_id,
    coalesce(jsonb_object_agg(f.name, v.value) FILTER (WHERE f.name IS NOT NULL), '{}')
FROM contacts c LEFT JOIN LATERAL jsonb_each_text(c.fields) v ON v.value <> ''
    LEFT JOIN fields f ON f.manager_id = c.manager_id AND f.number::text = v.key
GROUP BY c.manager_id, c.unique_id
"""

Contacts = dict[str, dict[str, str]]


class CheckedCopy(ContactCopy):
    """A copy in memory that also fails where a change does not fit what it holds."""

    def __init__(self) -> None:
        super().__init__(sqlite3.connect(":memory:"))
        self.heard: Counter[int] = Counter()
        """How often each number came."""
        self._held: set[str] = set()

    def hear(self, events: list[dict[str, Any]]) -> None:
        """Take events in, and count them."""
        self.heard.update(event["number"] for event in events)
        self.take(events)

    def _change(self, event: dict[str, Any]) -> int:
        unique_id = event["unique_id"]
        assert (event["change"] == "added") == (unique_id not in self._held), event
        if event["change"] == "deleted":
            self._held.remove(unique_id)
        else:
            self._held.add(unique_id)
        return super()._change(event)


class ContactCopies:
    """Hears the topic from its beginning, while it is entered; a copy for each manager, by its id."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self.copies: defaultdict[str, CheckedCopy] = defaultdict(CheckedCopy)
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
        came: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in (record for records in taken.values() for record in records):
            event = json.loads(record.value)
            assert record.key.decode() == f"{event['manager_id']}:{event['unique_id']}"
            self.bodies.append(record.value.decode())
            came[event["manager_id"]].append(event)
        for manager_id, events in came.items():
            self.copies[manager_id].hear(events)
        return sum(map(len, came.values()))

    def contacts(self) -> dict[str, Contacts]:
        """Return what all copies hold, by manager; of managers without contacts nothing."""
        held = {manager_id: copy.contacts() for manager_id, copy in self.copies.items()}
        return {manager_id: contacts for manager_id, contacts in held.items() if contacts}


async def contacts_kept(database: "asyncpg.Connection[asyncpg.Record]") -> dict[str, Contacts]:
    """Return all contacts of the database by manager, as copies hold them: by field name, without empty values."""
    found: defaultdict[str, Contacts] = defaultdict(dict)
    for manager_id, unique_id, fields in await database.fetch(_CONTACTS):
        found[manager_id][unique_id] = json.loads(fields) if isinstance(fields, str) else fields
    return dict(found)
