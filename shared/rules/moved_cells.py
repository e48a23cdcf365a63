"""Where a column's cell may stand in a row that has lost its shape."""


def possible_places(place: int, cells: int, width: int) -> range:
    """Return the places, from 0, that the cell of a column at `place` may have in a row of so many cells.

    In a row with too many or too few cells, for a file of `width` columns, it may have moved by so many.
    """
    moved = cells - width
    return range(place + min(moved, 0), place + max(moved, 0) + 1)
