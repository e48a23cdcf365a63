"""Keeps the search of contacts up to date: after the commit of what changed them, beside all else, and gently.

It reads the log of changes on as the feed does, so that it sees whatever anybody changed. Each process of the syncer
looks for work; the cursor of a manager, held while a little is taken in, lets one at a time have it.
"""

import asyncio
from uuid import UUID

import structlog

from services.syncer.adapters.search_index import index_some, managers_behind, runs_at_work
from shared.postgres.database import DATABASE_FAILED, Database
from shared.postgres.wakeups import Wakeups

CHANNELS = ("contacts_changed", "search_marked")
_CHANGED, _MARKED = CHANNELS
_TURN = 20
"""Batches of one manager after which the others have theirs."""
_LOOK_SECONDS = 60.0
_BUSY_SECONDS = 0.5
"""Between looks whether a run of a manager that is behind has ended, or its cursor was let go."""
_RETRY_SECONDS = 0.5
_REST = 1.0
_REST_BESIDE_RUNS = 4.0
"""How many times as long as a batch took to rest after it, so that others have the machine."""
_log = structlog.get_logger("contacts_sync.syncer.search")


class SearchIndexer:
    """Takes changes into the search while `run` runs; `wakeups` are its own, for the channels above."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def run(self) -> None:
        """Take changes in for ever; what is down is waited for."""
        while True:
            try:
                left = await self.index_all()
            except DATABASE_FAILED as error:
                _log.warning("search waits", error=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._wakeups.wait(_CHANGED, at_most=_BUSY_SECONDS if left else _LOOK_SECONDS)

    async def pass_on(self) -> None:
        """Wake it when fields are marked or unmarked, for ever."""
        while True:
            await self._wakeups.wait(_MARKED)
            self._wakeups.wake(_CHANGED)

    async def index_all(self) -> bool:
        """Take in all that can be now; tells whether something has to wait for a run or another process."""
        while behind := await managers_behind(self._database.pool):
            advanced = [await self._index(manager_id) for manager_id in behind]
            if not any(advanced):
                return True
        return False

    async def _index(self, manager_id: UUID) -> bool:
        """Take in some batches of a manager, as long as none of its runs is planned or applied; tells whether any."""
        loop, pool = asyncio.get_running_loop(), self._database.pool
        for batch in range(_TURN):
            beside = await runs_at_work(pool, manager_id)
            if beside.own:
                return batch > 0
            began = loop.time()
            async with pool.acquire() as connection:
                if not await index_some(connection, manager_id):
                    return batch > 0
            await asyncio.sleep((_REST_BESIDE_RUNS if beside.runs else _REST) * (loop.time() - began))
        return True
