"""What a preview shows of names, rows and samples, so that all of it fits into one event, however the file is made."""

from typing import Final

from pydantic_core import to_json

from shared.rules.charset import has_escapes, restore_escapes

LONGEST_CELL: Final = 2_000
_LONGEST_PROBLEM_NAME: Final = 200
_ROWS: Final = 200
_ROW_BYTES: Final = 200_000
_COLUMNS: Final = 500
_NAME_BYTES: Final = 60_000
# A first row that is too large is shown all the same, with shorter cells: of so many columns they fit in any case.
_SHORTER: Final = (LONGEST_CELL, 200, 40)


def json_bytes(text: str) -> int:
    """Return how much a text takes in an event: a control character takes six times as much as in the file."""
    return len(to_json(text)) + 1


def shown(text: str, longest: int = LONGEST_CELL) -> str:
    """Return a text that can be shown: bytes that are none stand out, and very long ones end early."""
    text = text if len(text) <= longest else f"{text[:longest]}…"
    if has_escapes(text):
        text = "".join("\ufffd" if has_escapes(sign) else sign for sign in restore_escapes(text))
    return text.replace("\0", "\u2400")


def shown_in_problem(name: str) -> str:
    """Return a column's name for a problem, of which there may be many."""
    return shown(name, _LONGEST_PROBLEM_NAME)


def first_names(names: list[str]) -> list[str]:
    """Return the first names, as many as an event can carry."""
    kept: list[str] = []
    room = _NAME_BYTES
    for name in names[:_COLUMNS]:
        room -= json_bytes(shown(name))
        if room < 0 and kept:
            break
        kept.append(name[:LONGEST_CELL])
    return kept


def first_rows(rows: list[list[str]]) -> list[list[str]]:
    """Return the first rows, as many as an event can carry."""
    found: list[list[str]] = []
    room = _ROW_BYTES
    for row in rows[:_ROWS]:
        for longest in _SHORTER:
            cells = [shown(cell, longest) for cell in row[:_COLUMNS]]
            size = sum(map(json_bytes, cells)) + 2
            if size <= room or found:
                break
        room -= size
        if room < 0 and found:
            break
        found.append(cells)
    return found
