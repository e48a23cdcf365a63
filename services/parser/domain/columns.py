"""The fast road: judges a whole block column by column, and hands single records to the exact road.

Only what is certain is decided here. A row is good where its unique id is there, and every kind certainly takes its
value; all others, ragged ones too, are judged by `rows.read_row`. A block in which anything is unusual is left to the
exact road altogether. The property tests hold both roads to the same result.
"""

from collections.abc import Callable, Container

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from services.parser.domain import sure_values
from services.parser.domain.arrow_cells import is_usual, read_cells
from services.parser.domain.judged import JudgedBlock, Judgement, Password, rows_schema
from services.parser.domain.places import Places, find_places
from services.parser.domain.rows import MAX_ID_BYTES
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.kinds import Kind
from shared.rules.mapping import PlacedColumn, ResolvedMapping
from shared.rules.records import Record, read_records
from shared.rules.sizes import MAX_ROW_BYTES
from shared.rules.trimming import is_blank

_NO_CONDITION = pa.scalar(value=True)
_MANY_SPANS = 64
"""One row in so many."""


def judge_columns(
    text: bytes,
    dialect: Dialect,
    head: Head,
    mapping: ResolvedMapping,
    *,
    first_line: int,
    lines: int,
) -> JudgedBlock | None:
    """Judge a block in UTF-8 of so many physical lines; None where the exact road has to."""
    if not text or not is_usual(text, dialect):
        return None
    ragged: list[arrow_csv.InvalidRow] = []
    cells = read_cells(text, dialect, head.width, ragged)
    if cells is None:
        return None
    places = find_places(cells, ragged, first_line=first_line, lines=lines)
    if places is None:
        return None
    block = _Block(cells, places, head, mapping, wide_spaces=sure_values.has_wide_spaces(text))
    block.judge(ragged, dialect)
    return block.judged(first_line, lines)


class _Block:
    """One block on its way: its cells by column, and which rows are surely good so far."""

    def __init__(
        self, cells: list[pa.Array], places: Places, head: Head, mapping: ResolvedMapping, *, wide_spaces: bool
    ) -> None:
        self._cells = cells
        self._places = places
        self._head = head
        self._mapping = mapping
        self._wide_spaces = wide_spaces
        self._sure = pa.repeat(_NO_CONDITION, len(places.records))
        self._taken: list[tuple[PlacedColumn, pa.Array | None]] = []
        self._ids = self._unique_ids()
        self._values = [self._column(column) for column in mapping.columns]
        self._judgement = Judgement(head, mapping)

    def judge(self, ragged: list[arrow_csv.InvalidRow], dialect: Dialect) -> None:
        """Decide on every row, by the exact road where it is not sure."""
        header_line = self._head.header_line
        if header_line is not None and len(self._places.lines) and self._places.lines[0].as_py() <= header_line:
            self._require(pc.greater(self._places.lines, header_line))
        self._require_size()
        unsure = self._unsure_rows()
        for (record, line), row in zip(self._places.ragged, ragged, strict=True):
            found = list(read_records(row.text.encode(), dialect, encoding="utf-8", first_line=line))
            unsure.append((record, found[0] if found else Record(line, []), ()))
        unsure.sort(key=lambda numbered: numbered[0])
        for number, record_found, taken in unsure:
            self._judgement.take(number, record_found, taken)

    def _unsure_rows(self) -> list[tuple[int, Record, Container[PlacedColumn]]]:
        """Return rows that are not sure, and what is known to be taken of each."""
        if not self._sure.false_count:
            return []
        chosen = pc.indices_nonzero(pc.invert(self._sure))
        cells = zip(*(column.take(chosen).to_pylist() for column in self._cells), strict=True)
        lines = self._places.lines.take(chosen).to_pylist()
        records = self._places.records.take(chosen).to_pylist()
        verdicts = [
            (column, None if taken is None else taken.take(chosen).to_pylist()) for column, taken in self._taken
        ]
        return [
            (
                record,
                Record(line, list(row)),
                {column for column, taken in verdicts if taken is None or taken[place]},
            )
            for place, (record, line, row) in enumerate(zip(records, lines, cells, strict=True))
        ]

    def judged(self, first_line: int, lines: int) -> JudgedBlock:
        """Return the block as it was judged."""
        judgement, schema = self._judgement, rows_schema(self._mapping)
        kept = [
            values
            for values, column in zip(self._values, self._mapping.columns, strict=True)
            if column.mapped.kind is not Kind.PASSWORD
        ]
        columns = [self._places.records, self._places.lines, self._ids, *kept]
        if self._sure.false_count:
            columns = _kept(columns, self._sure)
        rows = pa.Table.from_arrays(columns, schema=schema)
        passwords = self._passwords()
        if judgement.good:
            rows = pa.concat_tables([rows, judgement.table()]).sort_by("record")
            passwords = sorted([*passwords, *judgement.passwords])
        count = len(self._places.records) + len(self._places.ragged)
        return JudgedBlock(
            first_line, lines, count, rows, judgement.rejected, judgement.no_rows, passwords, judgement.warned
        )

    def _require(self, condition: pa.Array) -> None:
        self._sure = pc.and_(self._sure, condition)

    def _unique_ids(self) -> pa.Array:
        key = self._mapping.key
        if key is None:
            filled = pa.repeat(pa.scalar(value=False), len(self._places.records))
            for column in self._cells:
                filled = pc.or_(filled, _is_filled(column))
                if pc.all(filled).as_py():
                    break
            self._require(filled)
            return pa.nulls(len(self._places.records), pa.string())
        ids = self._column(key)
        is_trimmed = self._mapping.trim and key.mapped.case is None
        lengths = pc.binary_length(ids)
        if not is_trimmed:
            self._require(_is_filled(self._cells[key.position]))
        elif (pc.min(lengths).as_py() or 0) == 0:
            self._require(pc.greater(lengths, 0))
        if (pc.max(lengths).as_py() or 0) > MAX_ID_BYTES:
            self._require(pc.less_equal(lengths, MAX_ID_BYTES))
        return ids

    def _column(self, column: PlacedColumn) -> pa.Array:
        """Return a column's values as mapped, and require what its kind asks of them."""
        if column.position < 0:
            return pa.repeat(pa.scalar(column.mapped.constant or "", pa.string()), len(self._places.records))
        values = self._cells[column.position]
        if column.mapped.kind is Kind.PASSWORD:
            return values
        if self._mapping.trim:
            values = sure_values.trimmed(values, wide=self._wide_spaces)
        if column.mapped.case is not None:
            values = sure_values.in_case_all(values, column.mapped.case)
        if column.is_checked:
            taken = sure_values.taken(values, column.mapped.kind, self._mapping.notation)
            self._taken.append((column, taken))
            if taken is not None:
                self._require(taken)
        return values

    def _require_size(self) -> None:
        """Leave rows to the exact road where some row may be too large."""
        longest = sum(pc.max(pc.binary_length(values)).as_py() or 0 for values in self._values)
        if longest > MAX_ROW_BYTES:
            size: Callable[[pa.Array], pa.Array] = pc.binary_length
            total = pa.repeat(pa.scalar(0, pa.int64()), len(self._places.records))
            for values in self._values:
                total = pc.add(total, size(values))
            self._require(pc.less_equal(total, MAX_ROW_BYTES))

    def _passwords(self) -> list[Password]:
        found: list[Password] = []
        for values, column in zip(self._values, self._mapping.columns, strict=True):
            if column.mapped.kind is Kind.PASSWORD:
                rows = zip(
                    self._places.records.to_pylist(),
                    self._places.lines.to_pylist(),
                    self._ids.to_pylist(),
                    values.to_pylist(),
                    self._sure.to_pylist(),
                    strict=True,
                )
                number = column.mapped.field_number
                found += [
                    Password(record, line, unique_id, number, clear)
                    for record, line, unique_id, clear, sure in rows
                    if sure and not is_blank(clear)
                ]
        return sorted(found)


def _is_filled(values: pa.Array) -> pa.Array:
    return pc.greater(pc.binary_length(sure_values.trimmed(values)), 0)


def _kept(columns: list[pa.Array], kept: pa.Array) -> list[pa.Array]:
    """Return the columns without the rows of which `kept` is false."""
    if kept.false_count > len(kept) // _MANY_SPANS:
        return [pc.filter(column, kept) for column in columns]
    # A few spans are copied at once much faster than the rows one by one.
    dropped = pc.indices_nonzero(pc.invert(kept)).to_pylist()
    spans = [
        (before + 1, after - before - 1) for before, after in zip([-1, *dropped], [*dropped, len(kept)], strict=True)
    ]
    return [pa.concat_arrays([column.slice(*span) for span in spans]) for column in columns]
