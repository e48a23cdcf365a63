"""One way in: due schedules become queued runs, and queued runs are asked for.

Sleeps until the next due moment or a NOTIFY; it does not poll.
"""

import asyncio

import structlog

from services.scheduler.adapters.due_runs import claim_due_schedules, claim_queued_runs, next_due
from shared.clock import Clock
from shared.postgres.database import Database
from shared.postgres.wakeups import Wakeups

_LONGEST_SLEEP = 60.0
"""A clock that is set back or forward is noticed within this time."""
_RETRY_SECONDS = 0.5
_log = structlog.get_logger("contacts_sync.scheduler.dispatcher")


class Dispatcher:
    """Dispatches while its loops run."""

    def __init__(self, database: Database, clock: Clock, wakeups: Wakeups, *, claims: int) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups
        self._claims = claims

    async def run_schedules(self) -> None:
        """Queue runs whose time has come, for ever."""
        while True:
            try:
                async with self._database.pool.acquire() as connection, connection.transaction():
                    while await claim_due_schedules(connection, self._clock.now(), self._claims) == self._claims:
                        pass
                    due = await next_due(connection)
            except Exception as error:  # noqa: BLE001 - this loop must never end
                _log.warning("schedules wait", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            seconds = (due - self._clock.now()).total_seconds() if due else _LONGEST_SLEEP
            await self._wakeups.wait("imports_scheduled", at_most=max(0.0, min(seconds, _LONGEST_SLEEP)))

    async def run_queue(self) -> None:
        """Ask for queued runs, for ever."""
        while True:
            try:
                async with self._database.pool.acquire() as connection, connection.transaction():
                    claimed = await claim_queued_runs(connection, self._clock.now(), self._claims)
            except Exception as error:  # noqa: BLE001 - this loop must never end
                _log.warning("queue waits", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if claimed < self._claims:
                await self._wakeups.wait("runs_queued", at_most=_LONGEST_SLEEP)
