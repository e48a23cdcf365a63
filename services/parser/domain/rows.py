"""Judges one record: a good row, a rejected one with all its problems, or none."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.rules.charset import has_escapes
from shared.rules.header import is_blank_record
from shared.rules.kinds import Kind, check
from shared.rules.letter_case import in_case
from shared.rules.mapping import PlacedColumn, ResolvedMapping
from shared.rules.moved_cells import possible_places, swallows
from shared.rules.records import Record
from shared.rules.sizes import MAX_ROW_BYTES
from shared.rules.trimming import is_blank, trim

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
    """A row without errors: its values in the mapping's order, None where the stored value is to stay.

    `unique_id` None means: to be generated.
    """

    line: int
    unique_id: str | None
    values: list[str | None]
    warnings: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row with problems; `id_unreadable`: it may be about any contact, so that none may be deleted."""

    line: int
    unique_id: str | None
    id_unreadable: bool
    problems: list[RowProblem]


def read_row(
    record: Record, mapping: ResolvedMapping, width: int, taken: Container[PlacedColumn] = ()
) -> GoodRow | RejectedRow | None:
    """Judge a record of a file with `width` columns (`Head.width`); None: blank, so no row.

    `taken`: columns of which it is known that their kinds take the record's values.
    """
    cells = record.cells
    if is_blank_record(cells):
        return None
    problems = _shape_problems(record, mapping, width)
    has_shape = not problems
    key = mapping.key
    unique_id, id_unreadable = _unique_id(record, mapping, None if has_shape else width)
    if key is not None and unique_id is None and not id_unreadable:
        problems.append(RowProblem("id_missing", mapping.names[key.position]))
    if key is not None and unique_id is not None and len(unique_id.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        problems.append(RowProblem("id_too_long", mapping.names[key.position]))
        unique_id = None  # no contact can have it
    if record.bad_cells:
        problems += _byte_problems(record, mapping)
    values: list[str | None] = []
    warnings: list[RowProblem] = []
    if has_shape:
        values = [_value(cells, column, mapping) for column in mapping.columns]
        for place, problem in _refused(record, unique_id, values, mapping, taken):
            if mapping.keep_refused and place is not None:
                values[place] = None
                warnings.append(problem)
            else:
                problems.append(problem)
        if _exceeds("".join(value or "" for value in values)):
            problems.append(RowProblem("row_too_large"))
    if not problems:
        return GoodRow(record.line, unique_id, values, tuple(warnings[:MAX_PROBLEMS]))
    shows_others = unique_id is not None and _holds_others(record, mapping, has_shape=has_shape)
    shown_id = None if shows_others else unique_id
    return RejectedRow(record.line, shown_id, id_unreadable or shows_others, problems[:MAX_PROBLEMS])


def as_mapped(cell: str, column: PlacedColumn, *, trimmed: bool) -> str:
    """Return a cell as its field takes it: trimmed, in its case; passwords as they are."""
    mapped = column.mapped
    if mapped.kind is Kind.PASSWORD:
        return cell
    value = trim(cell) if trimmed else cell
    return value if mapped.case is None else in_case(value, mapped.case)


def _shape_problems(record: Record, mapping: ResolvedMapping, width: int) -> list[RowProblem]:
    cells = record.cells
    if len(cells) == width:
        return []
    if len(cells) < width:
        return [RowProblem("too_few_cells")]
    filled = any(not is_blank(cell) if mapping.trim else cell for cell in cells[width:])
    return [RowProblem("too_many_cells")] if filled else []


def _value(cells: list[str], column: PlacedColumn, mapping: ResolvedMapping) -> str:
    if column.position < 0:
        return column.mapped.constant or ""
    return as_mapped(cells[column.position], column, trimmed=mapping.trim)


def _unique_id(record: Record, mapping: ResolvedMapping, lost_width: int | None) -> tuple[str | None, bool]:
    """Return the id, None where it is empty or can't be read, and whether it can't be read.

    `lost_width`: that of the file, for a row that has lost its shape.
    """
    key = mapping.key
    if key is None:
        return None, False
    if key.position >= len(record.cells) or key.position in record.bad_cells:
        return None, True
    if lost_width is not None and _may_be_password(key, record, mapping, lost_width):
        return None, True
    cell = record.cells[key.position]
    if is_blank(cell):
        return None, False
    return as_mapped(cell, key, trimmed=mapping.trim), False


def _may_be_password(key: PlacedColumn, record: Record, mapping: ResolvedMapping, width: int) -> bool:
    """Tell whether a password may stand in the key's place: ids are shown, and must never be one."""
    return any(key.position in possible_places(password, len(record.cells), width) for password in mapping.passwords)


def _holds_others(record: Record, mapping: ResolvedMapping, *, has_shape: bool) -> bool:
    """Tell whether the key's cell may hold other rows, and with them a password."""
    place = mapping.key.position if mapping.key else len(record.cells)
    cell = record.cells[place] if place < len(record.cells) else ""
    return swallows(cell, place, mapping.delimiter, mapping.passwords, has_shape=has_shape)


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


def _refused(
    record: Record,
    unique_id: str | None,
    values: list[str | None],
    mapping: ResolvedMapping,
    taken: Container[PlacedColumn],
) -> list[tuple[int | None, RowProblem]]:
    """Return what kinds refuse: the value's place, None for the unique id, and the problem."""
    candidates: list[tuple[int | None, PlacedColumn, str]] = [
        (place, column, values[place] or "") for place, column in mapping.checked
    ]
    if mapping.key is not None and mapping.key.is_checked:
        candidates.append((None, mapping.key, unique_id or ""))
    refused: list[tuple[int | None, RowProblem]] = []
    for place, column, value in candidates:
        if column.position not in record.bad_cells and column not in taken:
            code = check(column.mapped.kind, value, mapping.notation)
            if code is not None:
                refused.append((place, RowProblem(code, mapping.names[column.position])))
    return refused


def _exceeds(text: str) -> bool:
    size = len(text)
    if size > MAX_ROW_BYTES or text.isascii() or size * 4 <= MAX_ROW_BYTES:
        return size > MAX_ROW_BYTES
    return len(text.encode("utf-8", "surrogatepass")) > MAX_ROW_BYTES
