"""How the reference model reads a file: bytes to judged rows, with Python's own `csv` and nothing of ours.

Where the rules leave it open, the model takes: a row says all that is wrong with it, but of one of the wrong shape the
values are not judged, since they may stand in the wrong columns. With trimming off, white space alone fills a cell that
is too many. A column is mapped by its header name, or by its number from 1 where there is no header.

Where what a kind refuses leaves what is stored, a row of which something else is wrong is rejected for that alone. The
column of the unique ids is never done without.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.model.hiding import Hiding
from tests.model.parts import Ended, Problem, Setup

WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END = "\x1d"  # a record of our own after the last: where it is not one, a quote was left open


@dataclass
class Row:
    """A row that is not blank: the line it begins on, its unique id and values, and what is wrong with it.

    `unique_id` is None where it can't be read, and "" where it is empty; `kept` is what was refused of values that
    are to stay as they are stored, which `values` then lacks.
    """

    line: int
    unique_id: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.codes

    def problems(self) -> list[Problem]:
        severity = "warning" if self.is_good else "error"
        return [Problem(self.line, severity, code, self.unique_id or None) for code in self.codes or self.kept]


class Reader(Hiding):
    """One file under one set-up. `Ended` is raised as the run has to end."""

    def __init__(self, content: bytes | None, setup: Setup, kinds: dict[str, str]) -> None:
        self.setup, self.kinds = setup, kinds
        if content is None:
            raise Ended("failed", "file_not_found")
        if not content.removeprefix(BYTE_ORDER_MARK):
            raise Ended("failed", "file_empty")
        records = [(line, cells) for line, cells in self.records(content) if not self.is_blank(cells)]
        if not records:
            raise Ended("failed", "file_has_no_rows")
        self.width = len(records[0][1])
        self.columns = [str(number) for number in range(1, self.width + 1)]
        if setup.has_header:
            header = records.pop(0)[1]
            if any(self.is_broken(cell) for cell in header):
                raise Ended("failed", "file_not_text")
            self.columns = self.names(header)
        self.raw = records
        if records and all(any(self.is_undecodable(cell) for cell in cells) for _, cells in records):
            raise Ended("failed", "encoding_wrong")

    def records(self, content: bytes) -> Iterator[tuple[int, list[str]]]:
        """Give each record with the line it begins on."""
        encoding = self.setup.encoding or "utf-8"
        if content.startswith(BYTE_ORDER_MARK):
            if encoding != "utf-8":
                raise Ended("failed", "encoding_contradicts_mark")
            content = content.removeprefix(BYTE_ORDER_MARK)
        text = content.decode(encoding, "surrogateescape")
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
        reader = csv.reader([*lines, _END], delimiter=self.setup.delimiter)
        line, records = 1, []
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
        if records.pop()[1] != [_END]:
            raise Ended("failed", "quote_unclosed")
        yield from records

    def names(self, header: list[str]) -> list[str]:
        """Name the columns: of equal names, the first has the bare one."""
        own = [self.trimmed(name) for name in header]
        names: list[str] = []
        for number, name in enumerate(own, start=1):
            bare = name or f"Column {number}"
            tries = [bare, *(f"{bare} ({again})" for again in range(2, len(own) + 3))]
            is_repeated = bare in names or (not name and bare in own)
            names.append(next(one for one in tries if one not in names and (one not in own or one is bare)))
            assert is_repeated == (names[-1] != bare)
        return names

    def missing_columns(self) -> list[str]:
        return [column for column, _ in self.setup.mapping if column not in self.columns]

    def refuses_columns(self) -> bool:
        """Tell whether the file lacks a column without which nothing can be read from it."""
        missing = self.missing_columns()
        return bool(missing) and (not self.setup.keep_missing or self.key_column in missing)

    def rows(self) -> list[Row]:
        return [self.judged(line, cells) for line, cells in self.raw]

    def judged(self, line: int, cells: list[str]) -> Row:
        row = self.judged_by_kinds(line, cells)
        if row.codes and self.may_hold_password(cells, has_shape=not self.shape(cells)):
            row.unique_id = None
        return row

    def judged_by_kinds(self, line: int, cells: list[str]) -> Row:
        shape = self.shape(cells)
        row = Row(line, None if shape and self.may_be_password(len(cells)) else self.unique_id(cells))
        row.codes += shape + self.broken(cells)
        row.codes += ["id_missing"] * (row.unique_id == "")
        if "too_few_cells" in row.codes or "too_many_cells" in row.codes:
            return row
        for column, name in self.found_columns():
            cell = cells[self.columns.index(column)]
            if name != self.setup.key and not self.is_broken(cell):
                self.take(row, name, self.value(cell, name))
        return row

    def found_columns(self) -> list[tuple[str, str]]:
        return [(column, name) for column, name in self.setup.mapping if column in self.columns]

    def take(self, row: Row, name: str, value: str) -> None:
        """Take a value, or say that its kind refuses it."""
        refused = self.refused(name, value)
        if refused and self.setup.keep_refused:
            row.kept += refused
        else:
            row.values[name] = value
            row.codes += refused

    def shape(self, cells: list[str]) -> list[str]:
        if len(cells) < self.width:
            return ["too_few_cells"]
        more = cells[self.width :]
        return ["too_many_cells"] if (not self.is_blank(more) if self.setup.trim else any(more)) else []

    def broken(self, cells: list[str]) -> list[str]:
        undecodable = any(self.is_undecodable(cell) for cell in cells)
        return ["undecodable"] * undecodable + ["nul_character"] * any("\0" in cell for cell in cells)

    def unique_id(self, cells: list[str]) -> str | None:
        if self.key_column is None:
            return None
        place = self.columns.index(self.key_column)
        if place >= len(cells) or self.is_broken(cells[place]):
            return None
        return "" if self.is_blank([cells[place]]) else self.value(cells[place], self.setup.key)

    def value(self, cell: str, name: str) -> str:
        """Return a cell's value; a password is never trimmed, and white space alone is none."""
        if self.kinds[name] == "password":
            return "" if self.is_blank([cell]) else cell
        return self.trimmed(cell) if self.setup.trim else cell

    def refused(self, name: str, value: str) -> list[str]:
        """Tell by its code what a field's kind refuses; files hold only values that are clearly right or wrong."""
        kind = self.kinds[name]
        takes = {"email": r"[\w.]+@\w+\.\w+", "number": r"[+-]?\d+(\.\d+)?", "date": r"\d{4}-(0[1-9]|1[0-2])-\d\d"}
        return [f"{kind}_invalid"] if value and kind in takes and not re.fullmatch(takes[kind], value) else []

    def trimmed(self, text: str) -> str:
        return text.strip(WHITE_SPACE)

    def is_blank(self, cells: list[str]) -> bool:
        return not any(self.trimmed(cell) for cell in cells)

    def is_undecodable(self, cell: str) -> bool:
        return any("\udc80" <= sign <= "\udcff" for sign in cell)

    def is_broken(self, cell: str) -> bool:
        return self.is_undecodable(cell) or "\0" in cell
