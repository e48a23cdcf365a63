"""A batch of rows on its way into staging: what is kept of it beside its bytes."""

from dataclasses import dataclass

import pyarrow as pa

from services.syncer.domain.contact_json import contact_json
from services.syncer.domain.row_hash import id_hashes, row_hashes
from shared.errors import PermanentError
from shared.events.row_table import LINE, UNIQUE_ID, fields_of, unpack_rows
from shared.events.rows import RowsParsed, SealedPassword


@dataclass(frozen=True)
class Batch:
    """A batch's rows, as `unpack_rows` returns them, and the passwords among them."""

    rows: pa.Table
    fields: list[int]
    passwords: list[SealedPassword]

    def id_hashes(self) -> bytes:
        """Return the int64 hashes of its unique ids, one after the other; none where keys are generated."""
        if self.rows.column(UNIQUE_ID).null_count:
            return b""
        hashes: bytes = id_hashes(self.rows).buffers()[1].to_pybytes()
        return hashes[: 8 * self.rows.num_rows]

    def staged(self, *, wide: bool) -> pa.Table:
        """Return what a set's table of rows takes: key, row hash, line, and where it is wide all values as JSON."""
        columns = {
            "unique_id": self.rows.column(UNIQUE_ID),
            "row_hash": row_hashes(self.rows, self.fields, self.passwords),
            "line": self.rows.column(LINE),
        }
        if wide:
            columns["fields"] = contact_json(self.rows)
        return pa.table(columns)


def batch_of(event: RowsParsed) -> Batch:
    """Return the batch that an event carries; PermanentError `rows_unreadable`."""
    try:
        rows = unpack_rows(event.rows)
    except pa.ArrowInvalid as error:
        raise PermanentError("rows_unreadable", f"The rows of chunk {event.chunk} are no Arrow IPC stream.") from error
    if rows.num_rows != event.good:
        raise PermanentError(
            "rows_unreadable", f"Chunk {event.chunk} came with {rows.num_rows} rows, not {event.good}."
        )
    if not {int(name) for name in fields_of(rows)} <= set(event.fields):
        raise PermanentError(
            "rows_unreadable", f"Chunk {event.chunk} came with values of fields that it does not fill."
        )
    return Batch(rows, event.fields, event.passwords)
