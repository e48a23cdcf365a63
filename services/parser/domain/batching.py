"""Deals the records of a chunk into batches of bounded size."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pydantic_core import to_json

from services.parser.domain.rows import GoodRow, RejectedRow, wire_size

# Raise it with any change to where batches end: batches of different versions must not be mixed in one chunk.
BATCHING_VERSION: Final = 1

# Allowances, in bytes, for what stands around a row and around each of its problems.
_ROW_OVERHEAD: Final = 96
_PROBLEM_OVERHEAD: Final = 64


@dataclass(slots=True)
class Batch:
    """Records `first` to `first + count - 1` of a chunk, from 0; `blanks` of them are no rows.

    A header counts among the blanks. Rows are in the order of the file.
    """

    first: int
    count: int = 0
    rows: list[GoodRow] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    blanks: int = 0
    is_last: bool = False


def cut_batches(
    outcomes: Iterable[GoodRow | RejectedRow | None],
    *,
    max_rows: int = 2000,
    max_bytes: int = 640 * 1024,
    passwords: Collection[int] = (),
) -> Iterator[Batch]:
    """Yield batches that tile the chunk's records; a chunk without any gives one empty batch.

    A batch ends before the row, good or rejected, with which it would have more than `max_rows` rows or
    `max_bytes` bytes as JSON; a row larger than that has a batch to itself. None stands for a blank record or the
    header; `passwords` are the places of values that are sealed.
    """
    batch = Batch(first=0)
    size = 0
    for outcome in outcomes:
        if outcome is None:
            batch.blanks += 1
        else:
            row_size = _size(outcome, passwords)
            row_count = len(batch.rows) + len(batch.rejected)
            if row_count and (row_count >= max_rows or size + row_size > max_bytes):
                yield batch
                batch = Batch(first=batch.first + batch.count)
                size = 0
            size += row_size
            if isinstance(outcome, GoodRow):
                batch.rows.append(outcome)
            else:
                batch.rejected.append(outcome)
        batch.count += 1
    batch.is_last = True
    yield batch


def _size(outcome: GoodRow | RejectedRow, passwords: Collection[int]) -> int:
    if isinstance(outcome, GoodRow):
        size = wire_size(outcome.values, passwords)
    else:
        columns = [problem.column or "" for problem in outcome.problems]
        size = len(to_json(columns)) + _PROBLEM_OVERHEAD * len(columns)
    return _ROW_OVERHEAD + size + len(to_json(outcome.unique_id or ""))
