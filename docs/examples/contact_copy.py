"""Keeps a copy of one contact manager in SQLite, from the topic `contacts.changed` alone.

    pip install aiokafka httpx
    export CONTACTS_SYNC_TOKEN=…    # an editor's API token: what was missed is asked for with it
    python contact_copy.py --kafka 127.0.0.1:29092 --site http://127.0.0.1:8080 --manager 01a2… --database copy.db

Start from here for a system of your own. The copy can be stopped or killed at any moment, and goes on where it was:
what it took is in its database before the broker is told so, and what comes a second time is known by its number.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

TOPIC = "contacts.changed"
PATIENCE = 30.0
"""Seconds after which a change that others came after is asked for again."""

TABLES = """
CREATE TABLE IF NOT EXISTS contacts (unique_id TEXT PRIMARY KEY, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY, event TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS place (last INTEGER NOT NULL);
INSERT INTO place SELECT 0 WHERE NOT EXISTS (SELECT * FROM place);
"""


class ContactCopy:
    """The copy of one manager; `last` is the number up to which it has every change."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(TABLES)
        self.last: int = database.execute("SELECT last FROM place").fetchone()[0]

    @property
    def is_missing_some(self) -> bool:
        """Whether a change came, and one before it did not."""
        return self._database.execute("SELECT * FROM waiting LIMIT 1").fetchone() is not None

    def contacts(self) -> dict[str, dict[str, str]]:
        """Return the values of each contact by field name, and the contacts by unique id."""
        found = self._database.execute("SELECT unique_id, fields FROM contacts")
        return {unique_id: json.loads(fields) for unique_id, fields in found}

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        """Take events in, all of them or none.

        Only those of one contact come in order; the others are put in order by their numbers, which have no gaps.
        """
        last = self.last
        with self._database:
            for event in events:
                if event["number"] == last + 1:
                    last = self._change(event)
                    last = self._change_by_waiting(last)
                elif event["number"] > last:
                    self._database.execute(
                        "INSERT OR IGNORE INTO waiting VALUES (?, ?)", (event["number"], json.dumps(event))
                    )
            self._database.execute("UPDATE place SET last = ?", (last,))
        self.last = last

    def _change_by_waiting(self, last: int) -> int:
        while found := self._database.execute(
            "DELETE FROM waiting WHERE number = ? RETURNING event", (last + 1,)
        ).fetchall():
            last = self._change(json.loads(found[0][0]))
        return last

    def _change(self, event: dict[str, Any]) -> int:
        unique_id = event["unique_id"]
        held = self._database.execute("SELECT fields FROM contacts WHERE unique_id = ?", (unique_id,)).fetchone()
        if event["change"] == "deleted":
            self._database.execute("DELETE FROM contacts WHERE unique_id = ?", (unique_id,))
        else:
            fields = (json.loads(held[0]) if held else {}) | event["fields"]
            kept = {name: value for name, value in fields.items() if value != ""}  # an emptied field says ""
            self._database.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (unique_id, json.dumps(kept)))
        number: int = event["number"]
        return number


async def follow(copy: ContactCopy, kafka: str, site: str, manager_id: str) -> None:
    """Keep the copy, for ever.

    What it has not taken yet is asked for at the start: it may have left the topic meanwhile.
    """
    consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call] # aiokafka has no types
        TOPIC,
        bootstrap_servers=kafka,
        group_id=f"contact-copy-{manager_id}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer:
        await ask_again(site, manager_id, copy.last + 1)
        complete_at, before = time.monotonic(), copy.last
        while True:
            came = await consumer.getmany(timeout_ms=1000)
            records = (record for of_partition in came.values() for record in of_partition)
            copy.take(json.loads(each.value) for each in records if each.key.startswith(f"{manager_id}:".encode()))
            await consumer.commit()
            if not copy.is_missing_some or copy.last > before:
                complete_at, before = time.monotonic(), copy.last
            elif time.monotonic() - complete_at > PATIENCE:
                await ask_again(site, manager_id, copy.last + 1)
                complete_at = time.monotonic()


async def ask_again(site: str, manager_id: str, number: int) -> None:
    """Have the changes from this number on said once more."""
    async with httpx.AsyncClient(base_url=site) as client:
        answer = await client.post(
            f"/api/v1/managers/{manager_id}/replay-changes",
            json={"from_number": number},
            headers={"Authorization": f"Bearer {os.environ['CONTACTS_SYNC_TOKEN']}"},
        )
        answer.raise_for_status()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("kafka", "site", "manager", "database"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    copy = ContactCopy(sqlite3.connect(given.database))
    asyncio.run(follow(copy, given.kafka, given.site, given.manager))


if __name__ == "__main__":
    main()
