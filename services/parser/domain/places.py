"""Where a block's records stand: their numbers and their physical lines."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from shared.rules.line_ends import count_lines


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
    return _with_ragged(heights.to_pylist() if heights is not None else [1] * rows, ragged, first_line, lines)


def _heights(cells: list[pa.Array], rows: int) -> pa.Array:
    heights = pa.repeat(pa.scalar(1, pa.int64()), rows)
    for column in cells:
        data = column.buffers()[2]
        text = b"" if data is None else data.to_pybytes()
        if b"\n" in text:
            heights = pc.add(heights, pc.count_substring(column, "\n"))
        if b"\r" in text:
            heights = pc.add(heights, pc.count_substring(column, "\r"))
            heights = pc.subtract(heights, pc.count_substring(column, "\r\n"))
    return heights


def _with_ragged(heights: list[int], ragged: list[arrow_csv.InvalidRow], first_line: int, lines: int) -> Places | None:
    records: list[int] = []
    places: list[int] = []
    odd: list[tuple[int, int]] = []
    heights_left = iter(heights)
    waiting = iter(ragged)
    next_odd = next(waiting, None)
    line = first_line
    for number in range(len(heights) + len(ragged)):
        if next_odd is not None and next_odd.number == number + 1:
            odd.append((number, line))
            line += max(1, count_lines(next_odd.text))
            next_odd = next(waiting, None)
        else:
            height = next(heights_left, None)
            if height is None:
                return None
            records.append(number)
            places.append(line)
            line += height
    if line - first_line != lines:
        return None
    return Places(pa.array(records, pa.int32()), pa.array(places, pa.int64()), odd)
