"""Where a file's table begins, and whether its first row names the columns."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from shared.rules.column_names import meaning_of
from shared.rules.password_names import is_password_name
from shared.rules.records import Record
from shared.rules.trimming import trim

_MOST_SKIPPED: Final = 50
_ROWS: Final = 200
_SPARSE: Final = 0.5
_FULL: Final = 0.7
_MOST: Final = 0.9
_ALONE: Final = 2

_CODES: Final = "codes"
_TYPES: Final = (
    ("e-mail addresses", re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")),
    ("dates", re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?(?:[T ].*)?|\d{1,2}:\d{2}(?::\d{2})?")),
    ("links", re.compile(r"(?:https?|ftp)://\S+")),
    ("numbers", re.compile(r"[-+]?[$€£]?\s?\d[\d.,'\u00a0\u202f ]*%?\s?[€$£]?|0x[0-9a-fA-F]+")),
    ("telephone numbers", re.compile(r"[+(]?\d[\d\s()/.-]{5,}")),
    (_CODES, re.compile(r"[A-Za-z]{0,5}[-_/]?\d+[-_/\dA-Za-z]*")),
)
_IDENTIFIER: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+")


@dataclass(frozen=True)
class HeadFinding:
    """What the first rows are, and why; a header that is no more than likely is to be confirmed."""

    has_header: bool
    reason: str
    confirm: bool = False


def lines_before_table(rows: list[Record], width: int) -> tuple[int, str]:
    """Return how many physical lines stand before the table of a file with so many columns, and why.

    They are lines with hardly a cell filled, above one that looks like the table's first.
    """
    if width < _ALONE:
        return 0, "None: the file has one column."
    for place, row in enumerate(rows[:_MOST_SKIPPED]):
        filled = _filled(row)
        if len(row.cells) == width and filled >= max(_ALONE, width * _FULL):
            if not place or row.line - 1 > _MOST_SKIPPED:
                break
            narrower = all(len(before.cells) < width for before in rows[:place])
            sparse = all(_filled(before) <= max(1, width * _SPARSE) for before in rows[:place])
            names = not any(type_of(cell) not in (None, _CODES) for cell in row.cells) and len(set(row.cells)) == width
            if sparse and (narrower or names):
                lines = row.line - 1
                first = "The first line has" if lines == 1 else f"The first {lines} lines have"
                return lines, f"{first} hardly a cell; the table begins on line {row.line}."
            break
    return 0, "None: the table begins with the first row."


def type_of(cell: str) -> str | None:
    """Return what a cell holds that is no plain text, in words; None for text."""
    value = trim(cell)[:200]
    return next((words for words, pattern in _TYPES if pattern.fullmatch(value)), None)


def detect_header(rows: list[Record]) -> HeadFinding:
    """Tell whether the first of the rows names the columns."""
    if not rows:
        return HeadFinding(has_header=True, reason="There is no row to tell by.", confirm=True)
    first, rest = [trim(cell) for cell in rows[0].cells], rows[1 : _ROWS + 1]
    known = [place for place, cell in enumerate(first, start=1) if meaning_of(cell) or is_password_name(cell)]
    typed = [(place, words) for place, cell in enumerate(first, start=1) if cell and (words := type_of(cell))]
    if len(known) >= max(1, len(first) * 0.3):
        verb = "is" if len(known) == 1 else "are"
        return HeadFinding(
            has_header=True, reason=f"{_columns(known)} of the first row {verb} named as columns often are."
        )
    score, reasons = 0.0, []
    for place, cell in enumerate(first):
        worth, reason = _evidence(cell, [trim(row.cells[place]) for row in rest if place < len(row.cells)], place + 1)
        score += worth
        reasons += [(worth, reason)] if reason else []
    score += 0.5 * len(known)
    score += 0.5 if len(set(first)) == len(first) and all(first) and not typed else -0.5
    has_header = score > 0
    told = [reason for worth, reason in reasons if (worth > 0) == has_header]
    default = (
        "The cells of the first row are texts, and no two are equal."
        if has_header
        else ("The first row looks like the rows below it.")
    )
    return HeadFinding(has_header, told[0] if told else default, confirm=abs(score) < 1)


def _evidence(cell: str, below: list[str], place: int) -> tuple[float, str | None]:  # noqa: PLR0911 - one for each evidence
    """Return what a column says for (above 0) or against a header, and the words."""
    values = [value for value in below if value]
    of_cell = type_of(cell) if cell else None
    if not values:
        return (-0.5, None) if of_cell else (0.0, None)
    types = Counter(type_of(value) for value in values)
    most, count = types.most_common(1)[0]
    if most is not None and count >= len(values) * _MOST:
        if not cell:
            return 0.0, None
        if of_cell is None:
            return 1.5, f"Column {place} holds {most}, but for its first row."
        return -1.5, f"The first row has one of the {most} in column {place}, where a header has a name."
    if of_cell in ("e-mail addresses", "dates", "links"):
        return -1.5, f"Column {place} of the first row is a value, not a name."
    if cell and cell in values:
        return -1.0, f"What stands in column {place} of the first row stands there again below."
    if _IDENTIFIER.fullmatch(cell):
        return 0.7, f"Column {place} of the first row is written as programs name columns."
    lengths = {len(value) for value in values}
    if cell and len(lengths) == 1 and len(values) > _ALONE and len(cell) not in lengths:
        return 0.7, f"All values of column {place} have the same length, but for its first row."
    return (-0.3, None) if of_cell else (0.05, None)


def _filled(row: Record) -> int:
    return sum(1 for cell in row.cells if trim(cell))


def _columns(places: list[int]) -> str:
    shown = ", ".join(map(str, places[:5]))
    return f"Column {shown}" if len(places) == 1 else f"Columns {shown}"
