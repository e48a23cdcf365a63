"""Passwords stand in no preview: which columns hold them, and which cells of a row may."""

from collections.abc import Collection, Sequence
from typing import Final

from shared.events.previews import HIDDEN
from shared.rules.column_names import is_password_name
from shared.rules.moved_cells import swallows
from shared.rules.password_columns import password_places
from shared.rules.records import Record

_HEADS: Final = 20
_LONGEST_NAME: Final = 40


def places_to_hide(names: Sequence[str], rows: Sequence[Record], said: Collection[str]) -> frozenset[int]:
    """Return the places, from 0, of columns that are said to hold passwords, or are called so.

    A name counts in the first rows too: what the header is may be chosen or detected wrongly.
    """
    return password_places(names, (), said) | named_places(rows)


def named_places(rows: Sequence[Record]) -> frozenset[int]:
    """Return the places of cells of the first rows that are names of passwords."""
    return frozenset(
        place
        for row in rows[:_HEADS]
        for place, cell in enumerate(row.cells)
        if (len(cell) <= _LONGEST_NAME or len(row.cells) == 1) and is_password_name(cell)
    )


def hidden(cells: Sequence[str], width: int, places: frozenset[int], delimiter: str) -> list[str]:
    """Return a row's cells with those hidden that hold a password, or may hold one as the row has lost its shape."""
    if not places:
        return list(cells)
    first = min(places)
    if len(cells) < width:
        first = max(0, first - (width - len(cells)))
    moved = len(cells) != width
    return [
        HIDDEN
        if cell
        and (
            place in places
            or (moved and place >= first)
            or swallows(cell, place, delimiter, places, has_shape=not moved)
        )
        else cell
        for place, cell in enumerate(cells)
    ]
