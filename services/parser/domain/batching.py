"""Cuts judged blocks into batches of bounded size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import to_json

from services.parser.domain.judged import RECORD, JudgedBlock, NoRow, Password, Rejection, Warned
from shared.events.row_table import LINE, pack_rows

# Raise it with any change to where batches end: batches of different versions must not be mixed in one chunk.
BATCHING_VERSION: Final = 4

# On the wire: a line of JSON, and the packed rows. The broker takes records up to 1 MiB.
MAX_WIRE_BYTES: Final = 752 * 1024

# What whoever unpacks a batch holds at most, but for a single record, however well the rows could be compressed.
MAX_UNPACKED_BYTES: Final = 4 << 20

# Allowances, in bytes, for what stands around a value on the wire.
_EVENT_OVERHEAD: Final = 4096
_FIELD_OVERHEAD: Final = 16
_PASSWORD_OVERHEAD: Final = 320
_ROW_OVERHEAD: Final = 160
_PROBLEM_OVERHEAD: Final = 64


class Counts(NamedTuple):
    """Records that are no rows, by why."""

    blank: int
    header: int
    skipped: int


@dataclass(slots=True)
class Batch:
    """`count` records of a chunk from number `first` on, which stand on `lines` physical lines from `first_line` on.

    `packed`: its rows, without their records' numbers, as the event carries them.
    """

    first: int
    count: int
    first_line: int
    lines: int
    rows: pa.Table
    packed: bytes
    rejected: list[Rejection]
    no_rows: list[NoRow]
    passwords: list[Password]
    warned: list[Warned]

    def no_row_counts(self) -> Counts:
        """Return how many records are no rows, by why."""
        whys = [no_row.why for no_row in self.no_rows]
        return Counts(whys.count("blank"), whys.count("header"), whys.count("skipped"))


def cut_batches(block: JudgedBlock, *, first: int, max_bytes: int = MAX_WIRE_BYTES) -> Iterator[Batch]:
    """Yield batches that tile a block whose first record is the chunk's number `first`.

    Each is parted until it takes at most `max_bytes` on the wire, as it is packed, and `MAX_UNPACKED_BYTES` unpacked,
    or is a single record. A block without records gives one empty batch.
    """
    whole = Batch(
        0,
        block.records,
        block.first_line,
        block.lines,
        block.rows,
        b"",
        block.rejected,
        block.no_rows,
        block.passwords,
        block.warned,
    )
    for batch in _fitting(whole, max_bytes):
        batch.first += first
        batch.rows = batch.rows.drop_columns([RECORD])
        yield batch


def _fitting(batch: Batch, max_bytes: int) -> Iterator[Batch]:
    # What is not packed yet takes nothing, so the second is what is too large whatever the rows take.
    parts = max(-(-batch.rows.nbytes // MAX_UNPACKED_BYTES), -(-wire_size(batch) // max_bytes))
    if batch.count <= 1 or parts <= 1:
        batch.packed = pack_rows(batch.rows.drop_columns([RECORD]))
        parts = -(-wire_size(batch) // max_bytes)
    if batch.count <= 1 or parts <= 1:
        yield batch
        return
    before, after = _split(batch, batch.first + max(1, batch.count // parts))
    yield from _fitting(before, max_bytes)
    yield from _fitting(after, max_bytes)


def wire_size(batch: Batch) -> int:
    """Return how many bytes a batch takes on the wire at most; its rows take some once they are packed."""
    size: int = _EVENT_OVERHEAD + _FIELD_OVERHEAD * batch.rows.num_columns + len(batch.packed)
    for password in batch.passwords:
        size += _PASSWORD_OVERHEAD + len(password.clear.encode("utf-8", "surrogatepass")) * 4 // 3
    for rejection in batch.rejected:
        row = rejection.row
        size += _problems_size([problem.column for problem in row.problems], row.unique_id)
    for warned in batch.warned:
        size += _problems_size([problem.column for problem in warned.problems], warned.unique_id)
    return size


def _problems_size(columns: list[str | None], unique_id: str | None) -> int:
    return _ROW_OVERHEAD + len(to_json([unique_id, columns])) + _PROBLEM_OVERHEAD * len(columns)


def _split(batch: Batch, middle: int) -> tuple[Batch, Batch]:
    """Split a batch before the record of number `middle`."""
    rows_before: int = pc.search_sorted(batch.rows[RECORD], pa.scalar(middle, pa.int32())).as_py()
    line = _line_of(batch, middle, rows_before)
    before = Batch(
        batch.first,
        middle - batch.first,
        batch.first_line,
        line - batch.first_line,
        batch.rows.slice(0, rows_before),
        b"",
        [one for one in batch.rejected if one.record < middle],
        [one for one in batch.no_rows if one.record < middle],
        [one for one in batch.passwords if one.record < middle],
        [one for one in batch.warned if one.record < middle],
    )
    after = Batch(
        middle,
        batch.first + batch.count - middle,
        line,
        batch.first_line + batch.lines - line,
        batch.rows.slice(rows_before),
        b"",
        batch.rejected[len(before.rejected) :],
        batch.no_rows[len(before.no_rows) :],
        batch.passwords[len(before.passwords) :],
        batch.warned[len(before.warned) :],
    )
    return before, after


def _line_of(batch: Batch, record: int, row: int) -> int:
    """Return a record's line; `row` is the place of the first good row from it on."""
    for rejection in batch.rejected:
        if rejection.record == record:
            return rejection.row.line
    for no_row in batch.no_rows:
        if no_row.record == record:
            return no_row.line
    line: int = batch.rows[LINE][row].as_py()
    return line
