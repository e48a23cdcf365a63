"""Relays the outbox to the broker: in the order of ids, by one relay for the database, woken by NOTIFY.

Many rows are on their way at once, but of one topic and key only one, so that these stay in order even where the broker
refuses one for a while.

The relay that holds the advisory lock is the one; the others wait for it, so a replica goes on where one died. A row
is marked once the broker has acknowledged it, so that a crash repeats, never loses.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import asyncpg
import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from prometheus_client import Gauge

from shared.postgres.database import Database, set_up_connection
from shared.postgres.wakeups import Wakeups

_LOCK = 0x6F757462
_BATCH = 500
_RETRY_SECONDS = 0.5
_KEPT = "24 hours"
"""So long are rows kept after acknowledgement; a broker that lost its memory is told the facts among them again."""
_PURGE_SECONDS = 3600.0

OUTBOX_WAITING = Gauge("contacts_sync_outbox_oldest_seconds", "Age of the oldest outbox row that waits for the broker")
_log = structlog.get_logger("contacts_sync.scheduler.outbox")


class Producer(Protocol):
    """Hands records to the broker, many at once."""

    async def begin(
        self, topic_name: str, body: bytes, *, key: str, headers: dict[str, str]
    ) -> "asyncio.Future[object]":
        """Return at once, with what is done when the broker has the record."""


class OutboxRelay:
    """Relays while `run` runs, by a `producer` that it opens; `stalled`: the broker has not taken the last batch."""

    def __init__(
        self, database: Database, producer: Callable[[], AbstractAsyncContextManager[Producer]], wakeups: Wakeups
    ) -> None:
        self._database = database
        self._producer = producer
        self._wakeups = wakeups
        self.stalled = False

    async def run(self) -> None:
        """Relay for ever; what is down is waited for."""
        while True:
            try:
                await self._hold_and_relay()
            except (
                KafkaError,
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
            ) as error:
                self.stalled = True
                _log.warning("relay waits", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _hold_and_relay(self) -> None:
        connection = await asyncpg.connect(self._database.dsn, server_settings={"application_name": "outbox relay"})
        try:
            await set_up_connection(connection)
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
            async with self._producer() as producer:
                await self._relay(connection, producer)
        finally:
            connection.terminate()

    async def _relay(self, connection: asyncpg.Connection, producer: Producer) -> None:
        purged = float("-inf")
        while True:
            while await self.relay_batch(connection, producer):
                pass
            self.stalled = False
            OUTBOX_WAITING.set(0)
            await self._wakeups.wait("outbox", at_most=_PURGE_SECONDS)
            if asyncio.get_running_loop().time() - purged > _PURGE_SECONDS:
                purged = asyncio.get_running_loop().time()
                await connection.execute("DELETE FROM outbox WHERE published_at < now() - $1::text::interval", _KEPT)

    async def relay_batch(self, connection: asyncpg.Connection, producer: Producer) -> bool:
        """Say the oldest rows that wait; tells whether there were any."""
        rows = await connection.fetch(
            """SELECT id, topic, key, headers, body, extract(epoch FROM now() - created_at)::float8 AS age FROM outbox
            WHERE published_at IS NULL ORDER BY id LIMIT $1""",
            _BATCH,
        )
        if not rows:
            return False
        OUTBOX_WAITING.set(rows[0]["age"])
        on_their_way: dict[tuple[str, str], asyncio.Future[object]] = {}
        try:
            for row in rows:
                place = (row["topic"], row["key"])
                if earlier := on_their_way.pop(place, None):
                    await earlier
                if (sent := await self._begin(producer, row)) is not None:
                    on_their_way[place] = sent
        finally:
            await asyncio.gather(*on_their_way.values())
        await connection.execute(
            "UPDATE outbox SET published_at = now() WHERE id = ANY ($1)", [row["id"] for row in rows]
        )
        return True

    async def _begin(self, producer: Producer, row: asyncpg.Record) -> "asyncio.Future[object] | None":
        try:
            return await producer.begin(row["topic"], row["body"].encode(), key=row["key"], headers=row["headers"])
        except MessageSizeTooLargeError:
            # Nobody can ever be told of it; its run falls silent, and ends with that reason.
            _log.critical("outbox row is too large for the broker", outbox_id=row["id"], topic=row["topic"])
            return None
