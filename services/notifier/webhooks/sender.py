"""Sends what webhooks are to be told, many webhooks side by side, each by one process at a time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from services.notifier.adapters.webhook_outcomes import sweep
from services.notifier.adapters.webhook_turns import claim, until_next
from services.notifier.webhooks.turn import WebhookTurn
from shared.clock import Clock
from shared.postgres.database import DATABASE_FAILED, Database
from shared.postgres.wakeups import Wakeups
from shared.store.webhooks import CHANNEL

CHANGED: Final = "contacts_changed"
CHANNELS: Final = (CHANNEL, CHANGED)
_GATHER_SECONDS: Final = 0.5
"""After a change of contacts, so that many small ones in a row are told together."""
_LEAST_SECONDS: Final = 0.05
_RETRY_SECONDS: Final = 0.5
_SWEEP_EVERY: Final = timedelta(hours=1)
_log = structlog.get_logger("contacts_sync.notifier.webhooks")


class WebhookSender:
    """Sends while `run` runs; `wakeups` are its own, for the channels above, `at_once` how many webhooks' turns."""

    def __init__(
        self,
        database: Database,
        turn: WebhookTurn,
        wakeups: Wakeups,
        clock: Clock,
        new_id: Callable[[], UUID],
        *,
        at_once: int,
    ) -> None:
        self._database = database
        self._turn = turn
        self._wakeups = wakeups
        self._clock = clock
        self._new_id = new_id
        self._at_once = at_once
        self._under_way: set[asyncio.Task[None]] = set()
        self._swept_at = clock.now() - _SWEEP_EVERY

    async def run(self) -> None:
        """Send for ever; what is down is waited for."""
        try:
            while True:
                try:
                    seconds = await self._begin_due()
                except DATABASE_FAILED as error:
                    _log.warning("webhooks wait", error=type(error).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                await self._wakeups.wait(CHANNEL, at_most=seconds)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def pass_on(self) -> None:
        """Wake it when contacts have changed, for ever."""
        while True:
            await self._wakeups.wait(CHANGED)
            await asyncio.sleep(_GATHER_SECONDS)
            self._wakeups.wake(CHANNEL)

    async def _begin_due(self) -> float | None:
        """Begin the turns that are due; returns for how many seconds there is nothing more to begin, None: no place."""
        now = self._clock.now()
        free = self._at_once - len(self._under_way)
        if free:
            turn = self._new_id()
            claimed = await claim(self._database.pool, turn, at_most=free, now=now, until=now + self._turn.lease)
            for webhook_id in claimed:
                task = asyncio.create_task(self._turn.take(webhook_id, turn), name=f"webhook {webhook_id}")
                self._under_way.add(task)
                task.add_done_callback(self._ended)
        if now - self._swept_at >= _SWEEP_EVERY:
            self._swept_at = now
            await sweep(self._database.pool, now)
        if len(self._under_way) >= self._at_once:
            return None
        return max((await until_next(self._database.pool, now)).total_seconds(), _LEAST_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a webhook's turn failed", error=type(error).__name__)
        self._wakeups.wake(CHANNEL)
