"""A run as server-sent events: at once, at each change, and a last time when it has ended."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from services.web.live.run_watch import RunWatch
from shared.postgres.database import Database
from shared.store.run_view import RunView, get_run

_SILENCE_SECONDS = 15.0
"""After so long without a change a comment is sent, so that proxies keep the connection."""


async def run_stream(database: Database, watch: RunWatch, run_id: UUID) -> AsyncIterator[str]:
    """Yield events called `run` with the run as JSON; the percentage never falls within one stream."""
    sent: RunView | None = None
    with watch.watch(run_id) as changed:
        while sent is None or sent.finished_at is None:
            changed.clear()
            async with database.pool.acquire() as connection:
                run = await get_run(connection, run_id)
            if sent is not None:
                run.progress.percent = max(run.progress.percent, sent.progress.percent)
            if run != sent:
                yield f"event: run\ndata: {run.model_dump_json()}\n\n"
                sent = run
            while run.finished_at is None and not changed.is_set():
                try:
                    async with asyncio.timeout(_SILENCE_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    yield ": still here\n\n"
