"""Rejected rows as a file that can be mended and imported again: verbatim, then line and reason.

Cells that hold a password, or may hold one since the row has lost its shape or a stray quote has merged it with others,
are left empty. A row of which another cell than a password's was emptied gets one cell more that says so: it is
rejected again until somebody has seen to it, as what is stored would else be emptied too.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.rules.charset import has_escapes, readable
from shared.rules.dialect import Dialect
from shared.rules.moved_cells import possible_places, swallows
from shared.rules.raw_cells import cell_value, quoted, raw_cells
from shared.rules.rejected_notes import EMPTIED, Noted, notes
from shared.rules.spreadsheet_cells import harmless, is_formula
from shared.rules.trimming import is_blank

LINE, REASON = "Line", "Reason"
MASK, CUT = "••••", "…"
MOST_SHOWN: Final = 1000
"""Characters of a row that people are shown."""


@dataclass(frozen=True)
class RejectedLayout:
    """How the rows of one file are written out: its width and the places, from 0, of columns that hold passwords."""

    dialect: Dialect
    width: int
    passwords: frozenset[int]
    trim: bool = True
    for_spreadsheet: bool = False

    def skipped(self, lines: str) -> str:
        """Return the lines to skip, which are no rows; a spreadsheet takes their cells for formulas all the same."""
        if not self.for_spreadsheet:
            return lines
        read = (raw_cells(line, self.dialect) for line in io.StringIO(lines, newline=""))
        return "".join(self.dialect.delimiter.join(map(self._harmless, cells)) + end for cells, end in read)

    def header(self, record: str) -> str:
        """Return the header with two more columns."""
        return self._line(record, LINE, REASON, masked=False)

    def row(self, record: str, line: int, reasons: Sequence[str]) -> str:
        """Return a rejected row with its line and the reasons."""
        reason = " ".join(reasons)
        added = (str(line), reason) if self.dialect.has_header else notes(line, reason)
        return self._line(record, *added, masked=True)

    def shown(self, record: str) -> str:
        """Return a row's text for people: what may be a password is masked; without its line end, and bounded."""
        cells, _ = raw_cells(record, self.dialect)
        text = readable(self.dialect.delimiter.join(self._without_passwords(cells, MASK)))
        return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}{CUT}"

    def _line(self, record: str, line: str, reason: str, *, masked: bool) -> str:
        cells, end = raw_cells(record, self.dialect)
        noted = Noted.of([cell_value(cell, self.dialect.quote) for cell in cells])
        is_emptied = False
        if not self.dialect.has_header and noted.notes:
            is_emptied = len(cells) > noted.columns + noted.notes
            cells = cells[: noted.columns]  # without the notes of the time before
        extra = [cell_value(cell, self.dialect.quote) for cell in cells[self.width :]]
        if all(is_blank(value) if self.trim else not value for value in extra):
            cells = cells[: self.width]  # were ignored, and would now stand in the place of line and reason
        if masked:
            is_emptied |= len(cells) == self.width and bool(self._merged(cells))
            cells = self._without_passwords(cells)
        added = [reason, EMPTIED] if is_emptied else [reason]
        cells = [*cells[:-1], self._closed(cells[-1]), self._plain(line)]
        cells += [quoted(note, self.dialect.quote) for note in added]
        if self.for_spreadsheet:
            cells = [self._harmless(cell) for cell in cells]
        return self.dialect.delimiter.join(cells) + (end or "\n")

    def _without_passwords(self, cells: list[str], instead: str = "") -> list[str]:
        """Empty or mask the cells of passwords, wherever they may have moved in a row that has lost its shape."""
        places = {place for password in self.passwords for place in possible_places(password, len(cells), self.width)}
        places |= self._merged(cells)
        return [instead if place in places else cell for place, cell in enumerate(cells)]

    def _merged(self, cells: list[str]) -> set[int]:
        """Return the places of cells, not of passwords, that may hold passwords of other rows."""
        has_shape = len(cells) == self.width
        return {
            place
            for place, cell in enumerate(cells)
            if place not in self.passwords
            and swallows(cell, place, self.dialect.delimiter, self.passwords, has_shape=has_shape)
        }

    def _closed(self, cell: str) -> str:
        """Return a cell, in quotes where a delimiter behind it would not be found at its end.

        That of `x|` before `||` would be found too early; a stray byte at the end takes the delimiter for a character's
        second half, and no quote. A quote that is never closed stays: the row cannot be mended without seeing it.
        """
        quote, delimiter = self.dialect.quote, self.dialect.delimiter
        read, _ = raw_cells(cell + delimiter, self.dialect)
        is_open = len(read) > 1 and read != [cell, ""]
        return quoted(cell_value(cell, quote), quote) if is_open or has_escapes(cell[-1:]) else cell

    def _plain(self, note: str) -> str:
        """Return a note, in quotes where it holds a sign that has a meaning: digits can be delimiters and quotes."""
        return quoted(note, self.dialect.quote) if self.dialect.quote in note else self._closed(note)

    def _harmless(self, cell: str) -> str:
        value = cell_value(cell, self.dialect.quote)
        return quoted(harmless(value), self.dialect.quote) if is_formula(value) else cell
