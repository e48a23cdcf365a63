"""All contacts of a manager as one CSV file, streamed."""

import codecs
import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from urllib.parse import quote
from uuid import UUID

import asyncpg
from starlette.responses import StreamingResponse

from services.web.dependencies.resources import Resources
from shared.postgres.database import set_up_connection
from shared.rules.spreadsheet_cells import harmless
from shared.store.contacts import contact_rows
from shared.store.managers import Manager, get_manager

_BLOCK_ROWS = 500
_MARK = codecs.BOM_UTF8.decode()


async def contacts_file(resources: Resources, manager_id: UUID, *, for_spreadsheet: bool) -> StreamingResponse:
    """Return the file: UTF-8, a heading, then contacts by unique id, as they were at one moment; no passwords.

    For a spreadsheet it begins with a mark, without which that would take it for one in its own country's encoding, and
    no cell is a formula.
    """
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
    return StreamingResponse(
        _blocks(resources, manager, for_spreadsheet=for_spreadsheet),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f"attachment; filename=contacts.csv; filename*=UTF-8''{_name(manager)}"},
    )


def _name(manager: Manager) -> str:
    """Return the file's name, encoded: the manager's, without what names of files can't have."""
    return quote(re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", manager.name) + ".csv", safe="")


async def _blocks(resources: Resources, manager: Manager, *, for_spreadsheet: bool) -> AsyncIterator[str]:
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
                if for_spreadsheet:
                    pending.write(_MARK)
                async for row in rows:
                    writer.writerow(map(harmless, row) if for_spreadsheet else row)
                    count += 1
                    if count % _BLOCK_ROWS == 0:
                        yield pending.getvalue()
                        pending.seek(0)
                        pending.truncate()
                yield pending.getvalue()
        finally:
            connection.terminate()
