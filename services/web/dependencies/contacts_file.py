"""All contacts of a manager as one CSV file, streamed."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

import asyncpg
from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from shared.postgres.database import set_up_connection
from shared.store.contacts import contact_rows
from shared.store.managers import Manager, get_manager

_BLOCK_ROWS = 500


async def contacts_file(resources: Resources, manager_id: UUID) -> StreamingResponse:
    """Return the file: UTF-8, a heading, then contacts by unique id, as they were at one moment; no passwords."""
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
    return StreamingResponse(
        _blocks(resources, manager),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="contacts.csv"'},
    )


async def _blocks(resources: Resources, manager: Manager) -> AsyncIterator[str]:
    # Not from the pool: who reads slowly would keep others from it.
    async with resources.exports:
        connection = await asyncpg.connect(resources.database.dsn)
        try:
            await set_up_connection(connection)
            async with (
                connection.transaction(isolation="repeatable_read", readonly=True),
                aclosing(contact_rows(connection, manager)) as rows,
            ):
                pending = io.StringIO(newline="")
                writer = csv.writer(pending)
                count = 0
                async for row in rows:
                    writer.writerow(row)
                    count += 1
                    if count % _BLOCK_ROWS == 0:
                        yield pending.getvalue()
                        pending.seek(0)
                        pending.truncate()
                yield pending.getvalue()
        finally:
            connection.terminate()
