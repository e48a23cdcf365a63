"""Trials of a delimiter and quote on the beginning of a file: how even its rows are, and how clean their cells."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from shared.rules.dialect import Dialect
from shared.rules.header import is_blank_record
from shared.rules.records import Record, read_records
from shared.rules.trimming import trim

TRIAL_BYTES: Final = 64 * 1024
TRIAL_ROWS: Final = 300
_CELLS: Final = 3000
_EMPTY_WORTH: Final = 0.7
_STRAY: Final = 0.05

_CLEAN: Final = re.compile(
    r"""[-+]?[$€£¥]?\s?\d[\d.,'\s]*\s?[%$€£¥]?      # a number, an amount
    | \d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?(?:[T\s,]+\d{1,2}:\d{2}.*)?  # a date, with its time
    | \d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp][Mm])?  # a time
    | [^\s@,;|]+@[^\s@,;|]+                       # an address
    | (?:https?|ftp)://[^\s,;|]+
    | [+(]?\d[\d\s()/.-]{4,}                      # a telephone number
    | (?:[\w.&()/\#°+%!?*=_:\u2019-]|'(?=[\w\s])|(?<=\d)["”]|[,;](?=\s|$)|[^\S\t])+  # words
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Trial:
    """One way to read the beginning of a file; `rows` are its records that are not blank."""

    delimiter: str
    quote: str
    rows: list[Record] = field(repr=False)
    width: int
    narrowest: int
    widest: int
    fitting: int
    """Rows of `width` columns, from the first such row on; of `counted`."""
    counted: int
    score: float


def attempt(text: bytes, encoding: str, dialect: Dialect, *, is_whole: bool, worth: float) -> Trial:
    """Read the text in a dialect; of one that is not whole the last record may be cut, and does not count."""
    rows = rows_of(text, encoding, dialect, is_whole=is_whole)
    widths = [len(row.cells) for row in rows]
    if not rows:
        return Trial(dialect.delimiter, dialect.quote, [], 0, 0, 0, 0, 0, 0.0)
    common = Counter(widths)
    width = max(common, key=lambda each: (common[each], each))
    first = widths.index(width)
    fitting = sum(_fits(row.cells, width) for row in rows[first:])
    counted = len(rows) - first
    share = fitting / counted * (1 - 0.5 * first / len(rows))
    evenness = share**2 * (1 - 1 / width) if width > 1 else 0.0
    score = evenness * cleanness(row.cells for row in rows[first:]) * worth
    return Trial(
        dialect.delimiter, dialect.quote, rows, width, min(widths), max(widths), fitting, counted, _doubled(rows, score)
    )


def rows_of(text: bytes, encoding: str, dialect: Dialect, *, is_whole: bool) -> list[Record]:
    """Return the first records of a text that are not blank, without the last one where the text is cut."""
    records = read_records(text, dialect, encoding=encoding, first_line=1, skip_lines=dialect.skip_lines)
    read = list(islice(records, TRIAL_ROWS + 1))
    if len(read) > TRIAL_ROWS or not is_whole:
        read = read[:-1]
    return [record for record in read if not is_blank_record(record.cells)]


def cleanness(rows: Iterator[list[str]] | Sequence[list[str]]) -> float:
    """Return the share of cells that hold one thing, such as a date, an address or words; the empty tell less."""
    cells = [trim(cell) for row in rows for cell in row[:_CELLS]][:_CELLS]
    worth = sum((1.0 if _CLEAN.fullmatch(cell[:500]) else 0.0) if cell else _EMPTY_WORTH for cell in cells)
    return worth / len(cells) if cells else 0.0


def _fits(cells: list[str], width: int) -> bool:
    return len(cells) == width or (len(cells) > width and not any(map(trim, cells[width:])))


def _doubled(rows: list[Record], score: float) -> float:
    """Halve the score where every other column is empty, in the first row too: the delimiter is a double one."""
    width = len(rows[0].cells)
    least = 3
    if width < least or width % 2 == 0:
        return score
    between = [bool(trim(cell)) for row in rows for cell in row.cells[1::2]]
    header = any(trim(cell) for cell in rows[0].cells[1::2])
    return score / 2 if not header and sum(between) <= len(between) * _STRAY else score
