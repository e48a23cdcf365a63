"""A run's server-sent events as a response; pages and API give the same."""

from uuid import UUID

from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from services.web.live.run_stream import run_stream
from shared.store.run_view import get_run


async def run_events(resources: Resources, run_id: UUID) -> StreamingResponse:
    """Return the stream; UserError `run_not_found`."""
    async with resources.database.pool.acquire() as connection:
        await get_run(connection, run_id)
    return StreamingResponse(
        run_stream(resources.database, resources.watch, run_id),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )
