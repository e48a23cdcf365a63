"""Passwords stand in no preview: which columns hold them, and which cells of a row may."""

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from shared.events.previews import HIDDEN
from shared.rules.column_names import meaning_of
from shared.rules.header import Head
from shared.rules.moved_cells import swallows
from shared.rules.password_columns import password_places
from shared.rules.password_names import is_password_name
from shared.rules.records import Record
from shared.rules.trimming import trim

_HEADS: Final = 20
_LONGEST_NAME: Final = 40
_MANY_DIGITS: Final = 9
_SEPARATOR: Final = re.compile(r"[,;\t|:]")


class HiddenPlaces(NamedTuple):
    """Places, from 0: of columns that hold passwords, of all that are not shown, and of names that may be passwords."""

    passwords: frozenset[int]
    hidden: frozenset[int]
    names: frozenset[int] = frozenset()


def places_to_hide(head: Head, rows: Sequence[Record], said: Collection[str], *, is_sure: bool) -> HiddenPlaces:
    """Return the places of columns that are said to hold passwords, or are called so, and of those that may.

    `rows` are the first, with the header. Unless it is sure that the header is one, a cell below it may be a name: what
    the header is, and what the delimiter, may be chosen or detected wrongly.
    """
    numbered = _numbered(head, said)
    passwords = password_places(head.names, (), said) | numbered
    is_sure = is_sure and any(meaning_of(name) or is_password_name(name) for name in head.names)
    others = [
        row for row in rows[:_HEADS] if not is_sure or row.line == head.header_line or len(row.cells) != head.width
    ]
    return HiddenPlaces(passwords, passwords | named_places(others), numbered)


def named_places(rows: Sequence[Record]) -> frozenset[int]:
    """Return the places of cells that are names of passwords: of every one, where a cell holds several names."""
    found: set[int] = set()
    for row in rows:
        for place, cell in enumerate(row.cells):
            is_several = _SEPARATOR.search(cell) is not None
            if (is_several or len(cell) <= _LONGEST_NAME or len(row.cells) == 1) and is_password_name(cell):
                found |= set(range(max(len(each.cells) for each in rows))) if is_several else {place}
    return frozenset(found)


def _numbered(head: Head, said: Collection[str]) -> frozenset[int]:
    """Return the places of columns that are said by their number, as where a header is detected that is none."""
    numbers = {name for name in map(trim, said) if name.isascii() and name.isdigit() and name not in head.names}
    return frozenset(
        int(number) - 1 for number in numbers if len(number) < _MANY_DIGITS and 0 < int(number) <= head.width
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
