"""A run's server-sent events as a response, told to programs or to pages."""

from collections.abc import Callable
from uuid import UUID

from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from services.web.live.run_stream import run_stream
from shared.store.run_view import RunView, get_run


async def run_events(
    resources: Resources, run_id: UUID, told: Callable[[RunView], str] = RunView.model_dump_json
) -> StreamingResponse:
    """Return the stream, each event as it is `told`; UserError `run_not_found`."""
    async with resources.database.pool.acquire() as connection:
        await get_run(connection, run_id)
    return StreamingResponse(
        run_stream(resources.database, resources.watch, run_id, told),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )
