"""The rejected rows of a run as one file, streamed from the stored file of the run."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from shared.postgres.database import set_up_connection
from shared.run_file import RunFile, open_run_file
from shared.store.run_details import rejected_rows

_BLOCK_ROWS = 200
_BLOCK_CHARACTERS = 1 << 20


async def rejected_file(resources: Resources, run_id: UUID, *, for_spreadsheet: bool) -> StreamingResponse:
    """Return the file, in the encoding of the run's own."""
    async with resources.database.pool.acquire() as connection:
        file = await open_run_file(resources.objects, connection, run_id, for_spreadsheet=for_spreadsheet)
    return StreamingResponse(
        _blocks(resources, run_id, file),
        media_type=f"text/csv; charset={file.written_in}",
        headers={"content-disposition": 'attachment; filename="rejected.csv"'},
    )


async def _blocks(resources: Resources, run_id: UUID, file: RunFile) -> AsyncIterator[bytes]:
    yield file.opening()
    # Not from the pool: who reads slowly would keep others from it.
    async with resources.exports:
        connection = await asyncpg.connect(resources.database.dsn)
        try:
            await set_up_connection(connection)
            after = 0
            while rows := await rejected_rows(connection, run_id, after=after, limit=_BLOCK_ROWS):
                lines: list[str] = []
                for row in rows:
                    lines.append(await file.rejected(row))
                    if sum(map(len, lines)) > _BLOCK_CHARACTERS:
                        yield file.encoded("".join(lines))
                        lines.clear()
                yield file.encoded("".join(lines))
                after = rows[-1].line
        finally:
            connection.terminate()
