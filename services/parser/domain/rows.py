"""Judges one record: a good row, a rejected one with all its problems, or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic_core import to_json

from shared.rules.charset import has_escapes
from shared.rules.header import is_blank_record
from shared.rules.kinds import check
from shared.rules.mapping import ResolvedMapping
from shared.rules.records import Record
from shared.rules.trimming import is_blank, trim, trim_all

# The mapped values of one row, in UTF-8: what has to fit into a batch. Unmapped columns are ignored.
MAX_ROW_BYTES: Final = 512 * 1024

# The same on the wire, where JSON escapes some characters and passwords are sealed; a batch has to fit a record.
MAX_WIRE_BYTES: Final = 700 * 1024
_SEALED_OVERHEAD: Final = 320

# What the database's index of contacts can hold.
MAX_ID_BYTES: Final = 2000

# A broken row may have a problem in every one of very many cells; people need the first few.
MAX_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A stable code and the column it is about, where it is about one that has a name."""

    code: str
    column: str | None = None


class GoodRow(NamedTuple):
    """A row without problems: its values in the mapping's order; `unique_id` None means: to be generated."""

    line: int
    unique_id: str | None
    values: list[str]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row with problems; `id_unreadable`: it may be about any contact, so that none may be deleted."""

    line: int
    unique_id: str | None
    id_unreadable: bool
    problems: list[RowProblem]


def read_row(record: Record, mapping: ResolvedMapping, width: int) -> GoodRow | RejectedRow | None:
    """Judge a record of a file with `width` columns (`Head.width`); None: blank, so no row."""
    cells = record.cells
    if is_blank_record(cells):
        return None
    problems = _shape_problems(record, mapping, width)
    values = [] if problems else _values(cells, mapping)
    unique_id, id_unreadable = _unique_id(record, mapping)
    key = mapping.key_position
    if key is not None and unique_id is None and not id_unreadable:
        problems.append(RowProblem("id_missing", mapping.names[key]))
    if key is not None and unique_id is not None and len(unique_id.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        problems.append(RowProblem("id_too_long", mapping.names[key]))
        unique_id = None  # no contact can have it
    if record.bad_cells:
        problems += _byte_problems(record, mapping)
    if values:
        problems += _value_problems(record, values, mapping)
    if not problems:
        return GoodRow(record.line, unique_id, values)
    return RejectedRow(record.line, unique_id, id_unreadable, problems[:MAX_PROBLEMS])


def _shape_problems(record: Record, mapping: ResolvedMapping, width: int) -> list[RowProblem]:
    cells = record.cells
    if len(cells) == width:
        return []
    if len(cells) < width:
        return [RowProblem("too_few_cells")]
    filled = any(not is_blank(cell) if mapping.trim else cell for cell in cells[width:])
    return [RowProblem("too_many_cells")] if filled else []


def _values(cells: list[str], mapping: ResolvedMapping) -> list[str]:
    as_read = [cells[position] for position in mapping.positions]
    if not mapping.trim:
        return as_read
    values = trim_all(as_read)
    if values is not as_read:
        for index in mapping.untrimmed:
            values[index] = as_read[index]
    return values


def _unique_id(record: Record, mapping: ResolvedMapping) -> tuple[str | None, bool]:
    """Return the id, None where it is empty or can't be read, and whether it can't be read."""
    key = mapping.key_position
    if key is None:
        return None, False
    if key >= len(record.cells) or key in record.bad_cells:
        return None, True
    cell = record.cells[key]
    if is_blank(cell):
        return None, False
    return (trim(cell) if mapping.trim else cell), False


def _byte_problems(record: Record, mapping: ResolvedMapping) -> list[RowProblem]:
    problems = []
    for position in sorted(record.bad_cells)[:MAX_PROBLEMS]:
        cell = record.cells[position]
        column = mapping.names[position] if position < len(mapping.names) else None
        if "\0" in cell:
            problems.append(RowProblem("nul_character", column))
        if has_escapes(cell):
            problems.append(RowProblem("undecodable", column))
    return problems


def _value_problems(record: Record, values: list[str], mapping: ResolvedMapping) -> list[RowProblem]:
    problems = []
    for index, kind in mapping.checks:
        position = mapping.positions[index]
        if position not in record.bad_cells:
            code = check(kind, values[index], mapping.notation)
            if code is not None:
                problems.append(RowProblem(code, mapping.names[position]))
    if _exceeds("".join(values)) or (not record.bad_cells and wire_size(values, mapping.untrimmed) > MAX_WIRE_BYTES):
        problems.append(RowProblem("row_too_large"))
    return problems


def wire_size(values: Sequence[str], passwords: Collection[int]) -> int:
    """Return how many bytes a row's values take in an event: as JSON, or sealed where they are passwords."""
    size = len(to_json(values))
    for place in passwords:
        size += _SEALED_OVERHEAD + len(values[place].encode("utf-8", "surrogatepass")) // 3
    return size


def _exceeds(text: str) -> bool:
    size = len(text)
    if size > MAX_ROW_BYTES or text.isascii() or size * 4 <= MAX_ROW_BYTES:
        return size > MAX_ROW_BYTES
    return len(text.encode("utf-8", "surrogatepass")) > MAX_ROW_BYTES
