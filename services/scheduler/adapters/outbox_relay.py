"""Relays the outbox to the broker: in the order of ids, by one relay for the database, woken by NOTIFY.

Many rows are on their way at once, but of one topic and key only one, so that these stay in order even where the broker
refuses one for a while.

The relay that holds the advisory lock is the one; the others wait for it, so a replica goes on where one died. A row
is marked once the broker has acknowledged it, so that a crash repeats, never loses.
"""

import asyncio

import asyncpg
import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from prometheus_client import Gauge

from shared.kafka.publisher import KafkaEventPublisher
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


class OutboxRelay:
    """Relays while `run` runs; `stalled` tells that the broker has not taken the last batch."""

    def __init__(self, database: Database, publisher: KafkaEventPublisher, wakeups: Wakeups) -> None:
        self._database = database
        self._publisher = publisher
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
            purged = float("-inf")
            while True:
                while await self._relay_batch(connection):
                    pass
                self.stalled = False
                OUTBOX_WAITING.set(0)
                await self._wakeups.wait("outbox", at_most=_PURGE_SECONDS)
                if asyncio.get_running_loop().time() - purged > _PURGE_SECONDS:
                    purged = asyncio.get_running_loop().time()
                    await connection.execute(
                        "DELETE FROM outbox WHERE published_at < now() - $1::text::interval", _KEPT
                    )
        finally:
            connection.terminate()

    async def _relay_batch(self, connection: asyncpg.Connection) -> bool:
        rows = await connection.fetch(
            """SELECT id, topic, key, headers, body, extract(epoch FROM now() - created_at)::float8 AS age FROM outbox
            WHERE published_at IS NULL ORDER BY id LIMIT $1""",
            _BATCH,
        )
        if not rows:
            return False
        OUTBOX_WAITING.set(rows[0]["age"])
        on_their_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        try:
            for row in rows:
                if earlier := on_their_way.get((row["topic"], row["key"])):
                    await earlier
                on_their_way[row["topic"], row["key"]] = asyncio.create_task(self._relay(row))
            await asyncio.gather(*on_their_way.values())
        finally:
            for task in on_their_way.values():
                task.cancel()
            await asyncio.gather(*on_their_way.values(), return_exceptions=True)
        await connection.execute(
            "UPDATE outbox SET published_at = now() WHERE id = ANY ($1)", [row["id"] for row in rows]
        )
        return True

    async def _relay(self, row: asyncpg.Record) -> None:
        try:
            await self._publisher.publish_raw(
                row["topic"], row["body"].encode(), key=row["key"], headers=row["headers"]
            )
        except MessageSizeTooLargeError:
            # Nobody can ever be told of it; its run falls silent, and ends with that reason.
            _log.critical("outbox row is too large for the broker", outbox_id=row["id"], topic=row["topic"])
