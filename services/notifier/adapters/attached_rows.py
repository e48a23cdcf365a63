"""The rows of a run that were left out, as a table of bounded size to attach to its mail."""

from typing import Final
from uuid import UUID

import structlog

from services.notifier.domain.message import AttachedRows
from shared.errors import ContactsSyncError
from shared.objects.store import SealedObjects
from shared.postgres.database import Connection
from shared.run_file import RunFile, open_run_file
from shared.store.run_details import RejectedRowView, rejected_rows

MOST_BYTES: Final = 256 * 1024
_log = structlog.get_logger("contacts_sync.notifier.rows")


class RejectedRows:
    """Reads the first rejected rows of runs, at most `most`, from the files that they read."""

    def __init__(self, objects: SealedObjects, most: int) -> None:
        self._objects = objects
        self._most = most

    async def of(self, connection: Connection, run_id: UUID) -> AttachedRows | None:
        """Return them; None where there are none, or the file cannot be read: a mail is not to wait for a table."""
        try:
            rows = await rejected_rows(connection, run_id, after=0, limit=self._most)
            if not rows:
                return None
            file = await open_run_file(self._objects, connection, run_id, for_spreadsheet=True)
            return await _table(file, rows)
        except ContactsSyncError as error:
            _log.warning("no rows are attached", run_id=str(run_id), code=error.code)
            return None


async def _table(file: RunFile, rows: list[RejectedRowView]) -> AttachedRows | None:
    data, taken = bytearray(file.opening()), 0
    for row in rows:
        # As clear text a row has about as many bytes as in the file: a giant one is not even read.
        if len(data) + row.length > MOST_BYTES:
            break
        line = file.encoded(await file.rejected(row))
        if len(data) + len(line) > MOST_BYTES:
            break
        data += line
        taken += 1
    return AttachedRows(bytes(data), file.written_in, taken) if taken else None
