"""Where a block's records stand: their numbers and their physical lines."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from shared.rules.line_ends import count_lines

_ONE_LINE = pa.scalar(1, pa.int64())


class Places(NamedTuple):
    """Number, from 0, and line of each row that has the file's width, and of each that has not."""

    records: pa.Array
    lines: pa.Array
    ragged: list[tuple[int, int]]


def find_places(
    cells: list[pa.Array], ragged: list[arrow_csv.InvalidRow], *, first_line: int, lines: int
) -> Places | None:
    """Return the places of a block's records, of which `cells` holds those of the file's width, by column.

    The block has `lines` physical lines. None where they can't be told.
    """
    rows = len(cells[0])
    each_is_a_line = rows + len(ragged) == lines
    heights = None if each_is_a_line else _heights(cells, rows)
    if not ragged:
        records = pa.arange(0, rows, 1).cast(pa.int32())
        if heights is None:
            return Places(records, pa.arange(first_line, first_line + rows, 1), [])
        ends = pc.cumulative_sum(heights)
        if rows and ends[-1].as_py() != lines:
            return None
        return Places(records, pc.add(pc.subtract(ends, heights), first_line), [])
    if any(row.number is None for row in ragged):
        return None
    return _with_ragged(pa.repeat(_ONE_LINE, rows) if heights is None else heights, ragged, first_line, lines)


def _heights(cells: list[pa.Array], rows: int) -> pa.Array:
    heights = pa.repeat(_ONE_LINE, rows)
    for column in cells:
        data = column.buffers()[2]
        text = b"" if data is None else data.to_pybytes()
        if b"\n" in text:
            heights = pc.add(heights, pc.count_substring(column, "\n"))
        if b"\r" in text:
            heights = pc.add(heights, pc.count_substring(column, "\r"))
            heights = pc.subtract(heights, pc.count_substring(column, "\r\n"))
    return heights


def _with_ragged(heights: pa.Array, ragged: list[arrow_csv.InvalidRow], first_line: int, lines: int) -> Places | None:
    ends = pc.cumulative_sum(heights)
    begins = pc.subtract(ends, heights)
    rows = len(heights)
    records, places, odd = [], [], []
    done = 0  # rows of the file's width
    odd_lines = 0
    for passed, row in enumerate(ragged):
        number = row.number - 1
        until = number - passed
        if not done <= until <= rows:
            return None
        records.append(pa.arange(done + passed, number))
        places.append(pc.add(begins[done:until], first_line + odd_lines))
        odd.append((number, first_line + odd_lines + (ends[until - 1].as_py() if until else 0)))
        odd_lines += max(1, count_lines(row.text))
        done = until
    records.append(pa.arange(done + len(ragged), rows + len(ragged)))
    places.append(pc.add(begins[done:], first_line + odd_lines))
    if odd_lines + (ends[-1].as_py() if rows else 0) != lines:
        return None
    return Places(pa.concat_arrays(records).cast(pa.int32()), pa.concat_arrays(places), odd)
