"""A run as server-sent events: at once, at each change, and a last time when it has ended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final
from uuid import UUID

from services.web.live.run_watch import RunWatch
from shared.postgres.database import Database
from shared.store.run_view import RunView, get_run

_SILENCE_SECONDS: Final = 15.0
"""After so long without a change a comment is sent, so that proxies keep the connection."""
_WAITS_SECONDS: Final = 3.0
"""What a run waits for changes without the run: so often it is looked at while it waits."""


async def run_stream(
    database: Database, watch: RunWatch, run_id: UUID, told: Callable[[RunView], str] = RunView.model_dump_json
) -> AsyncIterator[str]:
    """Yield events called `run` with the run as it is `told`, in one line; the percentage never falls in one stream."""
    sent: RunView | None = None
    with watch.watch(run_id) as changed:
        while sent is None or sent.finished_at is None:
            changed.clear()
            async with database.pool.acquire() as connection:
                run = await get_run(connection, run_id)
            if sent is not None:
                run.progress.percent = max(run.progress.percent, sent.progress.percent)
            yield f"event: run\ndata: {told(run)}\n\n" if run != sent else ": still here\n\n"
            sent = run
            if run.finished_at is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_WAITS_SECONDS if run.waiting else _SILENCE_SECONDS):
                        await changed.wait()
