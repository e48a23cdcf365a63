"""One way in: due schedules become queued runs, and queued runs are asked for.

Sleeps until the next due moment or a NOTIFY; it does not poll.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from services.scheduler.adapters.due_runs import Claim, claim_queued_runs
from services.scheduler.adapters.due_schedules import claim_due_schedules, next_due_at
from services.scheduler.adapters.ended_pauses import end_pauses
from services.scheduler.adapters.late_files import claim_file_deadlines, next_deadline
from services.scheduler.adapters.recomputing import BasisNotes, recompute_due
from services.scheduler.adapters.run_consequences import follow_up_runs
from services.scheduler.domain.clock_jumps import ClockJumps
from shared.clock import Clock
from shared.postgres.database import Connection, Database
from shared.postgres.wakeups import Wakeups

_LONGEST_SLEEP = 60.0
"""A clock that is set back or forward is noticed within this time."""
_RETRY_SECONDS = 0.5
_LOOKS, _LOOKS_SECONDS = 10, 0.5
"""So many looks at the queue in so long; what comes after a pause is seen at once."""
_LONG_QUEUE_SECONDS = 0.005
_LONGEST_REST = 0.25
_REST_SECONDS = 0.1
"""What is due but held by another transaction, a scheduler's or a page's, is asked for again after so long."""
_log = structlog.get_logger("contacts_sync.scheduler.dispatcher")


class Dispatcher:
    """Dispatches while its loops run.

    `claims` are taken up in one transaction; `of_manager` runs of one manager may be under way; `zone_data` is the
    version of the time zones' rules; `monotonic` a clock that cannot be set.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        wakeups: Wakeups,
        *,
        claims: int,
        of_manager: int,
        zone_data: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups
        self._claims = claims
        self._of_manager = of_manager
        self._basis = BasisNotes(zone_data)
        self._monotonic = monotonic
        self._jumps = ClockJumps()
        self._noted_at = float("-inf")

    async def run_schedules(self) -> None:
        """Queue runs whose time has come, for ever."""
        while True:
            try:
                seconds = await self.queue_due()
            except Exception as error:  # noqa: BLE001 - this loop must never end
                _log.warning("schedules wait", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._wakeups.wait("imports_scheduled", at_most=seconds)

    async def run_deadlines(self) -> None:
        """Look for late files, for ever."""
        while True:
            try:
                seconds = await self.look_for_late_files()
            except Exception as error:  # noqa: BLE001 - this loop must never end
                _log.warning("deadlines wait", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._wakeups.wait("deadlines_set", at_most=seconds)

    async def run_queue(self) -> None:
        """Ask for queued runs, and see to what follows from those that ended, for ever."""
        looks: deque[float] = deque(maxlen=_LOOKS)
        while True:
            began = self._monotonic()
            try:
                await self.follow_up()
                claim = await self.start_queued()
            except Exception as error:  # noqa: BLE001 - this loop must never end
                _log.warning("queue waits", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            took = self._monotonic() - began
            if claim.started < self._claims:
                # Nobody tells when what was skipped is given back: its scheduler may have died.
                skipped = claim.started < claim.startable
                await self._wakeups.wait("runs_queued", at_most=_REST_SECONDS if skipped else _LONGEST_SLEEP)
                # Each run that ends is a reason to look again: not all the time, less so at a queue that is long.
                looks.append(began)
                rest = looks[0] + _LOOKS_SECONDS - self._monotonic() if len(looks) == _LOOKS else 0.0
                if not claim.started and took > _LONG_QUEUE_SECONDS:
                    rest = max(rest, min(4 * took, _LONGEST_REST))
                await asyncio.sleep(max(rest, 0))

    async def queue_due(self) -> float:
        """Queue a run for each schedule that is due; returns the seconds until the next is, at most a minute."""
        await self._look_at_clock()
        await self._claim_all(claim_due_schedules)
        await self._claim_all(end_pauses)
        return self._seconds_until(await next_due_at(self._database.pool))

    async def look_for_late_files(self) -> float:
        """Say which files are late; returns the seconds until the next deadline, at most a minute."""
        await self._claim_all(claim_file_deadlines)
        return self._seconds_until(await next_deadline(self._database.pool))

    async def start_queued(self) -> Claim:
        """Ask for queued runs, as many as are taken up at once."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            return await claim_queued_runs(connection, self._clock.now(), self._claims, of_manager=self._of_manager)

    def _seconds_until(self, due: datetime | None) -> float:
        seconds = (due - self._clock.now()).total_seconds() if due else _LONGEST_SLEEP
        return min(seconds, _LONGEST_SLEEP) if seconds > 0 else _REST_SECONDS

    async def follow_up(self) -> None:
        """Draw the consequences of scheduled runs that ended."""
        await self._claim_all(follow_up_runs)

    async def _claim_all(self, claim: Callable[[Connection, datetime, int], Awaitable[int]]) -> None:
        """Claim in transactions of so many until fewer are left."""
        claimed = self._claims
        while claimed == self._claims:
            async with self._database.pool.acquire() as connection, connection.transaction():
                claimed = await claim(connection, self._clock.now(), self._claims)

    async def _look_at_clock(self) -> None:
        """Compute all due times anew where the clock was set back, or the zones' rules are others than they were.

        A clock set forward needs nothing: what it has passed over runs once, as after a time without a scheduler.
        """
        now, monotonic = self._clock.now(), self._monotonic()
        jump = self._jumps.jumped(now, monotonic)
        if jump:
            _log.warning("the clock was set", seconds=jump.total_seconds())
        changed = jump < timedelta()
        if changed or monotonic - self._noted_at >= _LONGEST_SLEEP:
            async with self._database.pool.acquire() as connection, connection.transaction():
                changed = await self._basis.changed(connection, now, set_back=changed)
            self._noted_at = monotonic
        if changed:
            moved = await recompute_due(self._database.pool, now)
            _log.info("due times were computed anew", changed=moved)
