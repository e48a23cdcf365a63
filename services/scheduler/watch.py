"""Watches runs under way: one that falls silent is asked for again; after a broker's new start all are, at once.

Silence is a matter of the database's clock, by which beats are written: those of schedulers may be apart. It is not
judged while this scheduler cannot hear: while it is not caught up with the beats, or the broker does not take what it
says.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from services.scheduler.adapters.due_runs import ask_for_attempts, ask_to_apply
from services.scheduler.domain.clock_jumps import ClockJumps
from services.scheduler.domain.silence import GRACE, LONGEST_GRACE, UNTAKEN_GRACE, Remedy, Watched, remedy, silent_from
from shared.clock import Clock
from shared.postgres.database import DATABASE_FAILED, Connection, Database
from shared.postgres.wakeups import Wakeups
from shared.store.run_end import Outcome, close_run

CHECK_SECONDS = 1.0
_SERVICE = "scheduler"
_log = structlog.get_logger("contacts_sync.scheduler.watch")

# The rule of `silent_from` in SQL: in a crowd most that have not beaten for long only wait to be taken up.
_SILENT = """
SELECT id, status, attempt, beat_at, waited_ms, taken_up, now() AS judged_at
FROM (SELECT *, taken_up_at IS NOT NULL OR status <> 'fetching' AS taken_up FROM runs) AS r
WHERE finished_at IS NULL AND status <> 'queued' AND CASE WHEN taken_up
    THEN beat_at + $1::interval + 2 * greatest(waited_ms * interval '1 millisecond', $4::interval)
    ELSE beat_at + least($2::interval * (1 << least(greatest(attempt - 1, 0), 10)), $3::interval) + 2 * $4::interval
    END <= now()
ORDER BY beat_at LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED
"""

_NEWEST_WAIT = """
SELECT max(waited_ms) FROM runs WHERE finished_at IS NULL AND status <> 'queued' AND beat_at > now() - $1::interval
"""
_LOOKED_BACK = timedelta(seconds=30)

_ANY_OPEN = "SELECT EXISTS (SELECT FROM runs WHERE finished_at IS NULL AND status <> 'queued')"

_TOO_OLD = """
SELECT id, attempt FROM runs WHERE status IN ('fetching', 'staging', 'planning') AND finished_at IS NULL
    AND started_at < $1 AND started_at >= $2 AND (status <> 'planning' OR dry_run
        OR NOT EXISTS (SELECT FROM applies_pause WHERE ended_at IS NULL OR ended_at > $1))
FOR NO KEY UPDATE SKIP LOCKED
"""


@dataclass(frozen=True)
class Limits:
    """How often a run may fall silent, and how old it may get before it applies."""

    most_attempts: int
    longest_run: timedelta


class Watch:
    """Watches while its loops run; `hears` tells whether this scheduler is caught up with the beats.

    `monotonic` is a clock that cannot be set: when another one was, nothing is judged by that which began before.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        wakeups: Wakeups,
        hears: Callable[[], Awaitable[bool]],
        limits: Limits,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups
        self._hears = hears
        self._limits = limits
        self._monotonic = monotonic
        self._jumps = ClockJumps()
        self._database_jumps = ClockJumps()
        self._waits: list[tuple[float, timedelta]] = []
        self._steady_since = datetime.min.replace(tzinfo=UTC)

    async def run_silence(self) -> None:
        """See to silent runs, for ever."""
        heard = 0
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.forgive_a_jump()
                if not await self._database.pool.fetchval(_ANY_OPEN):
                    heard = 0
                    continue
                heard = heard + 1 if await self._hears() else 0
                if heard >= 3:  # noqa: PLR2004 - beats that came just now need a moment to be written down
                    await self.see_to_silent_runs()
                await self.end_old_runs()
            except DATABASE_FAILED as error:
                _log.warning("watch waits for the database", error=type(error).__name__)

    async def run_incarnations(self) -> None:
        """Ask for everything again when the broker has begun anew, for ever."""
        while True:
            try:
                async with self._database.pool.acquire() as connection, connection.transaction():
                    await self._begin_again(connection)
            except DATABASE_FAILED as error:
                _log.warning("incarnations wait for the database", error=type(error).__name__)
                await asyncio.sleep(CHECK_SECONDS)
                continue
            await self._wakeups.wait("broker_began")

    async def forgive_a_jump(self) -> None:
        """Let no run look old because the clock was set, or silent because the database's was."""
        now = self._clock.now()
        if self._jumps.jumped(now, self._monotonic()):
            self._steady_since = now
        database_now = await self._database.pool.fetchval("SELECT clock_timestamp()")
        if self._database_jumps.jumped(database_now, self._monotonic()):
            await self._database.pool.execute(
                "UPDATE runs SET beat_at = clock_timestamp() WHERE finished_at IS NULL AND status <> 'queued'"
            )

    async def end_old_runs(self) -> None:
        """End runs that have come to nothing in the time a run may take."""
        now = self._clock.now()
        hours = self._limits.longest_run / timedelta(hours=1)
        message = (
            f"The run had not begun to write its changes after {hours:g} hours, and was ended. Nothing was changed."
        )
        async with self._database.pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(_TOO_OLD, now - self._limits.longest_run, self._steady_since):
                outcome = Outcome("failed", "time_limit", message)
                await close_run(
                    connection, row["id"], row["attempt"], outcome, now=now, service=_SERVICE, unless=("applying",)
                )

    async def see_to_silent_runs(self) -> None:
        """Ask again for runs that have fallen silent, or give them up."""
        now = self._clock.now()
        async with self._database.pool.acquire() as connection, connection.transaction():
            others_waited = await self._others_waited(connection)
            again: list[UUID] = []
            graces = (GRACE, UNTAKEN_GRACE, LONGEST_GRACE)
            for row in await connection.fetch(_SILENT, *graces, others_waited):
                waited = timedelta(milliseconds=row["waited_ms"])
                run = Watched(row["status"], row["attempt"], row["beat_at"], waited, row["taken_up"])
                if silent_from(run, others_waited) > row["judged_at"]:
                    continue
                what = remedy(run, self._limits.most_attempts)
                _log.warning("silent run", run_id=str(row["id"]), remedy=what.name, attempt=run.attempt)
                if what is Remedy.ASK_TO_APPLY:
                    await ask_to_apply(connection, row["id"], now)
                elif what is Remedy.ASK_AGAIN:
                    again.append(row["id"])
                else:
                    message = f"The run fell silent {run.attempt} times, and was given up. Nothing was changed."
                    outcome = Outcome("failed", "attempts_exhausted", message)
                    await close_run(connection, row["id"], run.attempt, outcome, now=now, service=_SERVICE)
            await ask_for_attempts(connection, again, now)

    async def _others_waited(self, connection: Connection) -> timedelta:
        """Return the longest that a record had waited of a run that has beaten within the last half minute."""
        newest, passed = await connection.fetchval(_NEWEST_WAIT, _LOOKED_BACK), self._monotonic()
        if newest is not None:
            self._waits.append((passed, timedelta(milliseconds=newest)))
        self._waits = [each for each in self._waits if passed - _LOOKED_BACK.total_seconds() <= each[0]]
        return max((wait for _, wait in self._waits), default=timedelta())

    async def _begin_again(self, connection: Connection) -> None:
        """Ask for unfinished runs, and have facts said again, once for each start of the broker."""
        begun = await connection.fetch(
            "UPDATE broker_incarnations SET handled_at = now() WHERE handled_at IS NULL RETURNING id"
        )
        if not begun:
            return
        now = self._clock.now()
        await connection.execute("UPDATE outbox SET published_at = now() WHERE NOT resend AND published_at IS NULL")
        await connection.execute("UPDATE outbox SET published_at = NULL WHERE resend AND published_at IS NOT NULL")
        await connection.execute("SELECT pg_notify('outbox', '')")
        rows = await connection.fetch(
            "SELECT id FROM runs WHERE status IN ('fetching', 'staging') ORDER BY queued_at FOR NO KEY UPDATE"
        )
        await ask_for_attempts(connection, [row["id"] for row in rows], now)
        _log.info("the broker began anew", runs_asked_for=len(rows))
