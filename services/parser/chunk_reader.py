"""Reads one chunk of a stored file into batches of rows, as events."""

from collections.abc import Iterator

from services.parser.domain.batching import BATCHING_VERSION, Batch, cut_batches
from services.parser.domain.rows import GoodRow, RejectedRow, read_row
from shared.clock import Clock
from shared.errors import PermanentError
from shared.events import rows
from shared.events.files import ChunkReady
from shared.events.set_up import ParseRules
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.rules.dialect import Dialect
from shared.rules.header import Head, read_head
from shared.rules.kinds import Kind, Notation
from shared.rules.mapping import MappedColumn, ParsePlan, ResolvedMapping, resolve
from shared.rules.records import Record, read_records
from shared.rules.trimming import is_blank
from shared.sealing import Sealer

HEAD_BYTES = 1 << 20
"""The header lies within the file's first chunk, and in its first so many bytes or in none that people write."""


class ChunkReader:
    """Parses chunks; passwords leave it sealed."""

    def __init__(self, objects: SealedObjects, sealer: Sealer, clock: Clock) -> None:
        self._objects = objects
        self._sealer = sealer
        self._clock = clock

    async def batches(self, event: ChunkReady) -> Iterator[rows.RowsParsed]:
        """Return the chunk's batches, each parsed when it is asked for: ask in a thread.

        UserError `file_not_text`, `file_has_no_rows`, `column_missing` where the file as a whole cannot be read.
        """
        chunk = event.chunk
        data = await self._objects.read(event.file.object_key, chunk.offset, chunk.length)
        if len(data) != chunk.length:
            raise PermanentError("chunk_incomplete", "The stored file is shorter than what was said of it.")
        first = data if chunk.index == 0 else await self._objects.read(event.file.object_key, 0, HEAD_BYTES)
        rules, encoding = event.parse, event.file.encoding
        dialect = Dialect(delimiter=rules.delimiter, has_header=rules.has_header, encoding=rules.encoding)
        head = read_head(first, dialect, encoding=encoding)
        mapping = resolve(_plan(rules), head.names)
        records = read_records(data, dialect, encoding=encoding, first_line=chunk.first_line)
        outcomes = (_outcome(record, head, mapping) for record in records)
        batches = cut_batches(outcomes, passwords=mapping.untrimmed)
        return (self._said(event, batch) for batch in batches)

    def _said(self, event: ChunkReady, batch: Batch) -> rows.RowsParsed:
        rules = event.parse
        places = [place for place, column in enumerate(rules.columns) if column.kind is Kind.PASSWORD]
        return rows.RowsParsed(
            event_id=new_id(),
            occurred_at=self._clock.now(),
            run_id=event.run_id,
            import_id=event.import_id,
            attempt=event.attempt,
            sha256=event.file.sha256,
            chunk=event.chunk.index,
            first=batch.first,
            count=batch.count,
            is_last=batch.is_last,
            chunk_bytes=event.chunk.length,
            batching_version=BATCHING_VERSION,
            fields=[column.field for column in rules.columns],
            rows=[_parsed(row, len(rules.columns), places) for row in batch.rows],
            passwords=[
                self._sealed(row, rules, place)
                for place in places
                for row in batch.rows
                if not is_blank(row.values[place])
            ],
            rejected=[_rejected(row) for row in batch.rejected],
        )

    def _sealed(self, row: GoodRow, rules: ParseRules, place: int) -> rows.SealedPassword:
        clear, field = row.values[place], rules.columns[place].field
        return rows.SealedPassword(
            line=row.line,
            field=field,
            sealed=self._sealer.seal(clear, "password"),
            fingerprint=self._sealer.fingerprint(str(rules.manager_id), row.unique_id or "", str(field), clear),
        )


def _parsed(row: GoodRow, width: int, passwords: list[int]) -> rows.ParsedRow:
    """Return the row without the key's column, which comes last, and without its passwords."""
    values: list[str | None] = [*row.values[:width]]
    for place in passwords:
        values[place] = None
    return row.line, row.unique_id, values


def _outcome(record: Record, head: Head, mapping: ResolvedMapping) -> GoodRow | RejectedRow | None:
    if record.line == head.header_line:
        return None
    return read_row(record, mapping, head.width)


def _rejected(row: RejectedRow) -> rows.RejectedRow:
    return rows.RejectedRow(
        line=row.line,
        unique_id=row.unique_id,
        id_unreadable=row.id_unreadable,
        problems=[rows.RowProblem(code=problem.code, column=problem.column) for problem in row.problems],
    )


def _plan(rules: ParseRules) -> ParsePlan:
    """Put the key's column last among the columns, so that its kind is checked like any other's."""
    columns = [MappedColumn(column.column, column.field, column.kind) for column in rules.columns]
    if rules.key_column is not None:
        columns.append(MappedColumn(rules.key_column, rules.key_field, rules.key_kind))
    return ParsePlan(
        columns=tuple(columns),
        key_column=rules.key_column,
        key_field_number=rules.key_field,
        trim=rules.trim,
        notation=Notation(rules.phone_region, rules.decimal_separator, rules.date_format),
    )
