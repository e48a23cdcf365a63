"""Reads the records of a file, or of a part of it, exactly as Python's `csv` does, with their lines."""

import _csv
import csv
import io
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from shared.rules.charset import decode, has_escapes
from shared.rules.dialect import Dialect

# csv's own limit for a cell is 128 KiB and holds for the whole process; records are bounded by cutting.
_CELL_LIMIT: Final = 2**31 - 1

_BAD: Final = re.compile("[\0\udc00-\udcff]")
_NONE_BAD: Final[frozenset[int]] = frozenset()


class Record(NamedTuple):
    """One record: the physical line it begins on, from 1, and its cells; a blank line has none.

    `is_passed_over`: a comment, or one of the lines to skip; it has no cells.

    `bad_cells` are the positions of cells with bytes that are not in the encoding, or with U+0000.
    """

    line: int
    cells: list[str]
    bad_cells: frozenset[int] = _NONE_BAD
    is_passed_over: bool = False


def read_records(
    data: bytes, dialect: Dialect, *, encoding: str, first_line: int, skip_lines: int = 0
) -> Iterator[Record]:
    """Yield the records of `data`, which begins on line `first_line` and ends with a record or the file.

    CRLF, LF and CR each end a line, inside quotes too. The first `skip_lines` lines are passed over, each as a record.
    `encoding` is UTF-8, without its byte order mark, or a single-byte one. Nothing in the data raises: bytes not in
    the encoding come as escapes (see `charset`).
    """
    text = decode(data, encoding)
    lines = io.StringIO(text, newline="")  # newline="": ends lines at CRLF, LF and CR only, and keeps them
    for _ in range(skip_lines):
        if not next(lines, ""):
            return
        yield Record(first_line, [], is_passed_over=True)
        first_line += 1
    rows: Iterator[tuple[int, list[str] | None]] | Iterator[tuple[int, list[str]]]
    if len(dialect.delimiter) > 1:
        rows = long_delimiter_rows(lines, dialect, first_line)
    elif dialect.comment is None:
        rows = _csv_rows(lines, dialect, first_line)
    else:
        rows = _csv_rows_and_comments(lines, dialect, first_line)
    make = _examined if "\0" in text or has_escapes(text) else Record
    for line, cells in rows:
        yield Record(line, [], is_passed_over=True) if cells is None else make(line, cells)


def _csv_reader(lines: Iterator[str], dialect: Dialect) -> "_csv.Reader":
    csv.field_size_limit(_CELL_LIMIT)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote)


def _csv_rows(lines: Iterator[str], dialect: Dialect, first_line: int) -> Iterator[tuple[int, list[str]]]:
    reader = _csv_reader(lines, dialect)
    line = first_line
    for cells in reader:
        yield line, cells
        line = first_line + reader.line_num


class _LinesBetweenComments:
    """The lines of a text without its comments, which stand only where a record would begin."""

    def __init__(self, lines: Iterator[str], comment: str) -> None:
        self._lines = lines
        self._comment = comment
        self._at_record = True
        self.comments = 0
        """How many were passed over since `begin_record`."""

    def begin_record(self) -> None:
        """Note that the next line begins a record, if it is no comment."""
        self._at_record = True
        self.comments = 0

    def __iter__(self) -> "_LinesBetweenComments":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        while self._at_record and line.startswith(self._comment):
            self.comments += 1
            line = next(self._lines)
        self._at_record = False
        return line


def _csv_rows_and_comments(
    lines: Iterator[str], dialect: Dialect, first_line: int
) -> Iterator[tuple[int, list[str] | None]]:
    kept = _LinesBetweenComments(lines, dialect.comment or "")
    reader = _csv_reader(kept, dialect)
    line, read = first_line, 0
    while True:
        kept.begin_record()
        cells = next(reader, None)
        for _ in range(kept.comments):
            yield line, None
            line += 1
        if cells is None:
            return
        yield line, cells
        line += reader.line_num - read
        read = reader.line_num


def long_delimiter_rows(
    lines: Iterator[str], dialect: Dialect, first_line: int
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield line and cells (None: a comment) of each record, for delimiters that `csv` can't take.

    `lines` keep their ends.
    """
    line = first_line
    for text in lines:
        if dialect.comment is not None and text.startswith(dialect.comment):
            yield line, None
        elif dialect.quote in text:
            rest = _CountedLines(lines)
            yield line, _quoted_cells(text, rest, dialect)
            line += rest.taken
        else:
            body = text.rstrip("\r\n")
            yield line, body.split(dialect.delimiter) if body else []
        line += 1


class _CountedLines:
    """The lines after the one a record begins on, and how many of them it took."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken = 0

    def take(self) -> str | None:
        """Return the next line, or None at the end."""
        line = next(self._lines, None)
        self.taken += line is not None
        return line


def _quoted_cells(text: str, rest: _CountedLines, dialect: Dialect) -> list[str]:
    cells: list[str] = []
    position = 0
    while True:
        quoted = ""
        if text.startswith(dialect.quote, position):
            quoted, text, position = _quoted_text(text, position + 1, rest, dialect.quote)
        body_end = len(text.rstrip("\r\n"))
        end = text.find(dialect.delimiter, position, body_end)
        cells.append(quoted + text[position : body_end if end < 0 else end])
        if end < 0:
            return cells
        position = end + len(dialect.delimiter)


def _quoted_text(text: str, position: int, rest: _CountedLines, quote: str) -> tuple[str, str, int]:
    """Return what stands in quotes from `position` on, the line they close on, and the place after them."""
    parts: list[str] = []
    while True:
        closing = text.find(quote, position)
        if closing >= 0:
            parts.append(text[position:closing])
            position = closing + 1
            if not text.startswith(quote, position):
                return "".join(parts), text, position
            parts.append(quote)
            position += 1
        else:
            parts.append(text[position:])
            following = rest.take()
            if following is None:
                return "".join(parts), "", 0
            text, position = following, 0


def _examined(line: int, cells: list[str]) -> Record:
    if not _BAD.search("".join(cells)):
        return Record(line, cells)
    bad = frozenset(position for position, cell in enumerate(cells) if _BAD.search(cell))
    return Record(line, cells, bad)
