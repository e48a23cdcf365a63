"""A judged block: what became of each of its records, whichever road they were read by."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pyarrow as pa

from services.parser.domain.rows import GoodRow, RejectedRow, RowProblem, read_row
from shared.events.row_table import LINE, UNIQUE_ID
from shared.rules.header import Head
from shared.rules.kinds import Kind
from shared.rules.line_ends import height_of
from shared.rules.mapping import PlacedColumn, ResolvedMapping
from shared.rules.records import Record
from shared.rules.trimming import is_blank

RECORD = "record"
"""The column of a block's rows that stays in the parser; the others are those of `row_table`."""


class Password(NamedTuple):
    """A row's password, in clear: it never leaves the parser so."""

    record: int
    line: int
    unique_id: str | None
    field: int
    clear: str


class Rejection(NamedTuple):
    """A rejected row and how many physical lines it has."""

    record: int
    height: int
    row: RejectedRow


class Warned(NamedTuple):
    """A good row of which some values were refused, so that the stored ones stay."""

    record: int
    line: int
    unique_id: str | None
    problems: tuple[RowProblem, ...]


class NoRow(NamedTuple):
    """A record that is no row."""

    record: int
    line: int
    why: Literal["blank", "header", "skipped"]


@dataclass(slots=True)
class JudgedBlock:
    """All records of a block, numbered from 0, each once: in `rows`, `rejected` or `no_rows`; all in order.

    `rows` has `record`, `line`, `unique_id` (null: to be generated) and a column for each field but passwords, in
    which null means: the stored value stays.
    """

    first_line: int
    lines: int
    records: int
    rows: pa.Table
    rejected: list[Rejection] = field(default_factory=list)
    no_rows: list[NoRow] = field(default_factory=list)
    passwords: list[Password] = field(default_factory=list)
    warned: list[Warned] = field(default_factory=list)


@dataclass(slots=True)
class Judgement:
    """Takes records one by one, and becomes a block's; `good` are the rows that a table will hold."""

    head: Head
    mapping: ResolvedMapping
    good: list[tuple[int, GoodRow]] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    no_rows: list[NoRow] = field(default_factory=list)
    passwords: list[Password] = field(default_factory=list)
    warned: list[Warned] = field(default_factory=list)

    def take(self, number: int, record: Record, taken: Container[PlacedColumn] = ()) -> None:
        """Judge the block's record of this number, from 0; `taken` as in `read_row`."""
        if record.is_passed_over:
            self.no_rows.append(NoRow(number, record.line, "skipped"))
        elif record.line == self.head.header_line:
            self.no_rows.append(NoRow(number, record.line, "header"))
        else:
            outcome = read_row(record, self.mapping, self.head.width, taken)
            if outcome is None:
                self.no_rows.append(NoRow(number, record.line, "blank"))
            elif isinstance(outcome, RejectedRow):
                self.rejected.append(Rejection(number, height_of(record.cells), outcome))
            else:
                self._take_good(number, outcome)

    def _take_good(self, number: int, row: GoodRow) -> None:
        self.good.append((number, row))
        if row.warnings:
            self.warned.append(Warned(number, row.line, row.unique_id, row.warnings))
        for column, value in zip(self.mapping.columns, row.values, strict=True):
            if column.mapped.kind is Kind.PASSWORD and value is not None and not is_blank(value):
                number_of_field = column.mapped.field_number
                self.passwords.append(Password(number, row.line, row.unique_id, number_of_field, value))

    def table(self) -> pa.Table:
        """Return the good rows as a block's `rows`."""
        schema = rows_schema(self.mapping)
        places = [place for place, column in enumerate(self.mapping.columns) if column.mapped.kind is not Kind.PASSWORD]
        columns: list[Iterable[object]] = [
            [number for number, _ in self.good],
            [row.line for _, row in self.good],
            [row.unique_id for _, row in self.good],
            *([row.values[place] for _, row in self.good] for place in places),
        ]
        arrays = [pa.array(values, type=kind) for values, kind in zip(columns, schema.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)


def rows_schema(mapping: ResolvedMapping) -> pa.Schema:
    """Return the columns of a block's `rows`."""
    fields = [
        (str(column.mapped.field_number), pa.string())
        for column in mapping.columns
        if column.mapped.kind is not Kind.PASSWORD
    ]
    return pa.schema([(RECORD, pa.int32()), (LINE, pa.int64()), (UNIQUE_ID, pa.string()), *fields])


def judge_records(records: Iterable[Record], head: Head, mapping: ResolvedMapping, *, first_line: int) -> JudgedBlock:
    """Judge records one by one: the exact road, for every dialect, encoding and damage."""
    judgement = Judgement(head, mapping)
    count, end = 0, first_line
    for number, record in enumerate(records):
        judgement.take(number, record)
        count, end = number + 1, record.line + height_of(record.cells)
    return JudgedBlock(
        first_line,
        end - first_line,
        count,
        judgement.table(),
        judgement.rejected,
        judgement.no_rows,
        judgement.passwords,
        judgement.warned,
    )
