"""Says `contacts.changed`: the log of changes read on from where it was said last, in the order of its numbers.

A number is noted only when the broker has it, so that a crash repeats changes and never leaves one out.
"""

import asyncio
from uuid import UUID

import asyncpg
import structlog

from services.syncer.adapters.feed_cursors import (
    hold,
    is_large_run_under_way,
    managers_behind,
    note_said,
    rewind_for_new_broker,
)
from shared.clock import Clock
from shared.errors import UserError
from shared.events.contacts import ContactsChanged
from shared.kafka.bulk_publisher import BulkPublisher, Record, Values
from shared.kafka.delivery import DOWN
from shared.postgres.database import DATABASE_FAILED, Connection, Database, set_up_connection
from shared.postgres.wakeups import Wakeups
from shared.store.change_events import change_values
from shared.store.change_log import LoggedChange, changes_between
from shared.store.managers import Manager, get_manager
from shared.topics import CONTACTS_CHANGED

CHANNEL = "contacts_changed"
BROKER_BEGAN = "broker_began"
_PAGE = 2_000
_TURN = 20
"""Pages of one manager after which the others have theirs."""
_AT_A_TIME = 100
"""Changes for which everything else in the process waits, about 2 ms."""
_RESTS_WHEN_BUSY = 19
"""So many times as long as a page took the feed rests after it while a large run is under way, which goes first."""
_MOST_REST_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_LOOK_SECONDS = 60.0
_REST_SECONDS = 0.1
_log = structlog.get_logger("contacts_sync.syncer.feed")


class ChangeFeed:
    """Says changes while `run` runs."""

    def __init__(self, database: Database, publisher: BulkPublisher, clock: Clock, wakeups: Wakeups) -> None:
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._wakeups = wakeups

    async def run(self) -> None:
        """Say changes for ever; what is down is waited for."""
        while True:
            try:
                await self._hold_and_say()
            except (*DOWN, *DATABASE_FAILED) as error:
                _log.warning("feed waits", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def pass_on(self) -> None:
        """Wake the feed when the broker begins anew, for ever."""
        while True:
            await self._wakeups.wait(BROKER_BEGAN)
            self._wakeups.wake(CHANNEL)

    async def _hold_and_say(self) -> None:
        connection = await asyncpg.connect(self._database.dsn, server_settings={"application_name": "change feed"})
        try:
            await set_up_connection(connection)
            await hold(connection)
            async with self._publisher as publisher:
                loop = asyncio.get_running_loop()
                while True:
                    began = loop.time()
                    await rewind_for_new_broker(connection)
                    while behind := await managers_behind(connection):
                        for manager_id, said, last in behind:
                            await self._say_some(connection, publisher, manager_id, said, last)
                    await self._wakeups.wait(CHANNEL, at_most=_LOOK_SECONDS)
                    # What comes after a pause is said at once; many small changes in a row are said together.
                    await asyncio.sleep(max(_REST_SECONDS - (loop.time() - began), 0))
        finally:
            connection.terminate()

    async def _say_some(
        self, connection: Connection, publisher: BulkPublisher, manager_id: UUID, said: int, last: int
    ) -> None:
        """Say a turn's pages of a manager: the next one is read and made while the broker takes the one before."""
        try:
            manager = await get_manager(connection, manager_id)
        except UserError:
            return
        last = min(last, said + _TURN * _PAGE)
        loop = asyncio.get_running_loop()
        ahead = asyncio.create_task(self._page(manager, said, last))
        try:
            while said < last:
                began = loop.time()
                records, until = await ahead
                ahead = asyncio.create_task(self._page(manager, until, last))
                await publisher.publish(CONTACTS_CHANGED, records)
                if not await note_said(connection, manager_id, before=said, number=until, now=self._clock.now()):
                    return
                said = until
                if await is_large_run_under_way(connection):
                    await asyncio.sleep(min((loop.time() - began) * _RESTS_WHEN_BUSY, _MOST_REST_SECONDS))
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _page(self, manager: Manager, said: int, last: int) -> tuple[list[Record], int]:
        if said >= last:
            return [], last
        async with self._database.pool.acquire() as reader:
            changes, until = await changes_between(reader, manager.id, said + 1, min(said + _PAGE, last))
        records: list[Record] = []
        # Not in a thread: the loop, which publishes the page before meanwhile, would have to wait for it at each step.
        for start in range(0, len(changes), _AT_A_TIME):
            records += self._records(manager, changes[start : start + _AT_A_TIME])
            await asyncio.sleep(0)
        return records, until

    def _records(self, manager: Manager, changes: list[LoggedChange]) -> list[Record]:
        def key(values: Values) -> str:
            return f"{manager.id}:{values['unique_id']}"

        values = change_values(manager, changes, self._clock.now())
        records = self._publisher.records(ContactsChanged, values, key)
        for place, record in enumerate(records):
            if not self._publisher.fits(CONTACTS_CHANGED, record):
                _log.warning("values too large to be said", manager_id=str(manager.id), number=values[place]["number"])
                cut = values[place] | {"fields": {}, "is_cut": True}
                records[place : place + 1] = self._publisher.records(ContactsChanged, [cut], key)
        return records
