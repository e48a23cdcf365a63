"""Where a column's cell may stand in a row that has lost its shape, or that a stray quote has merged with others."""

import re
from collections.abc import Collection
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_TEXT_GOES_ON: Final = (" ", "\xa0", "\u3000")


def possible_places(place: int, cells: int, width: int) -> range:
    """Return the places, from 0, that the cell of a column at `place` may have in a row of so many cells.

    In a row with too many or too few cells, for a file of `width` columns, it may have moved by so many.
    """
    moved = cells - width
    return range(place + min(moved, 0), place + max(moved, 0) + 1)


def swallows(cell: str, place: int, delimiter: str, wanted: Collection[int], *, has_shape: bool) -> bool:
    """Tell whether a cell at `place` may be several, as after a stray quote, with one of a `wanted` column among them.

    Of a cell of several lines each but the last may end a row, and the last may begin one. One delimiter before white
    space, as in “Miller, Ann”, is text in a row that has the file's width (`has_shape`).
    """
    if not wanted or delimiter not in cell:
        return False
    *before, last = _LINE_END.split(cell)
    if before:
        return any(delimiter in line for line in before) or last.count(delimiter) >= min(wanted)
    count = cell.count(delimiter)
    if has_shape and count == 1 and cell.partition(delimiter)[2].startswith(_TEXT_GOES_ON):
        return False
    return any(place < column <= place + count for column in wanted)
