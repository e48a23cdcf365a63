"""The head of a file: what its columns are called, and how many there are."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from shared.errors import UserError
from shared.rules.dialect import Dialect
from shared.rules.line_ends import height_of
from shared.rules.records import Record, read_records
from shared.rules.rejected_notes import Noted
from shared.rules.trimming import is_blank, trim

# The first number for a name that stands in the header before.
_FIRST_REPEAT: Final = 2


@dataclass(frozen=True, slots=True)
class Head:
    """Names of the columns, how many cells a row has, and the line of the header, None where the file has none.

    `header_height` is how many physical lines the header takes; `notes` how many cells behind the columns rejected.csv
    has added to each row.
    """

    names: list[str]
    width: int
    header_line: int | None
    header_height: int = 1
    notes: int = 0


def header_names(cells: list[str]) -> list[str]:
    """Return the names by which the columns are shown and mapped, each once.

    Of equal names the first column has the bare one, the others `Name (2)`, `Name (3)`, with the next number
    that no column of the file is called by; a column without a name is `Column N`, N from 1.
    """
    own = [trim(cell) for cell in cells]
    taken = set(own)
    given: set[str] = set()
    next_number: defaultdict[str, int] = defaultdict(lambda: _FIRST_REPEAT)
    names = []
    for position, own_name in enumerate(own, start=1):
        name = bare = own_name or f"Column {position}"
        if bare in given or (not own_name and bare in taken):
            name = f"{bare} ({next_number[bare]})"
            while name in taken:
                next_number[bare] += 1
                name = f"{bare} ({next_number[bare]})"
            next_number[bare] += 1
        given.add(name)
        names.append(name)
    return names


def is_blank_record(cells: list[str]) -> bool:
    """Tell whether a record is no row: it has no cells, or all are empty when trimmed."""
    for cell in cells:  # noqa: SIM110 - each row passes here, and a generator takes three times as long
        if not is_blank(cell):
            return False
    return True


def read_head(data: bytes, dialect: Dialect, *, encoding: str, first_line: int = 1) -> Head:
    """Return the head of a file from its first bytes; they have to hold its first row that is not blank.

    Lines to skip and comments are passed over.

    Without a header the names are the numbers from 1, and the first row gives the width: bad bytes in it make
    it a row with an error, as in any other row. Raises UserError `file_has_no_rows` where all is blank, and
    `file_not_text` for a header with bytes that are not in the encoding, or U+0000.
    """
    records = read_records(data, dialect, encoding=encoding, first_line=first_line, skip_lines=dialect.skip_lines)
    for record in records:
        if not is_blank_record(record.cells):
            return _head_of(record, dialect, encoding)
    raise UserError("file_has_no_rows", "The file holds nothing but blank lines: is it the right file?")


def holds_head(data: bytes, dialect: Dialect, *, encoding: str) -> bool:
    """Tell whether a file's first bytes hold its first row that is not blank to the end: another record follows."""
    records = read_records(data, dialect, encoding=encoding, first_line=1, skip_lines=dialect.skip_lines)
    return any(not is_blank_record(record.cells) for record in records) and next(records, None) is not None


def _head_of(record: Record, dialect: Dialect, encoding: str) -> Head:
    width = len(record.cells)
    if not dialect.has_header:
        noted = Noted.of(record.cells)
        names = [str(number) for number in range(1, noted.columns + 1)]
        return Head(names, noted.columns + noted.notes, None, notes=noted.notes)
    if record.bad_cells:
        message = (
            f"The file is not a text file in the encoding {encoding}: its header, on line {record.line}, "
            "holds bytes that are not text. Choose the encoding it was written in, or another file"
        )
        raise UserError("file_not_text", message)
    return Head(header_names(record.cells), width, record.line, height_of(record.cells))
