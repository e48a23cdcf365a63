"""Reads one chunk of a stored file into batches of rows, as events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.parser.domain.batching import BATCHING_VERSION, Batch, cut_batches
from services.parser.domain.blocks import judge_block
from services.parser.domain.judged import Password
from services.parser.domain.positions import Positions
from services.parser.domain.rows import RowProblem
from shared.clock import Clock
from shared.errors import PermanentError
from shared.events import rows
from shared.events.files import ChunkRange, ChunkReady
from shared.events.row_table import pack_rows
from shared.events.set_up import ParseRules
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.rules.dialect import Dialect
from shared.rules.header import Head, read_head
from shared.rules.kinds import Notation
from shared.rules.mapping import MappedColumn, ParsePlan, ResolvedMapping, resolve
from shared.sealing import Sealer

_KEPT_HEADS = 16
HEAD_BYTES = 1 << 20
"""The header lies within the file's first chunk, and in its first so many bytes or in none that people write."""


@dataclass(frozen=True)
class _Reading:
    """A chunk's bytes, and all that is needed to judge them."""

    event: ChunkReady
    data: bytes
    head: Head
    mapping: ResolvedMapping


class ChunkReader:
    """Parses chunks; passwords leave it sealed."""

    def __init__(self, objects: SealedObjects, sealer: Sealer, clock: Clock) -> None:
        self._objects = objects
        self._sealer = sealer
        self._clock = clock
        self._heads: dict[tuple[str, Dialect], Head] = {}

    async def batches(self, event: ChunkReady) -> Iterator[rows.RowsParsed]:
        """Return the chunk's batches, each parsed when it is asked for: ask in a thread.

        UserError `file_not_text`, `file_has_no_rows`, `column_missing` where the file as a whole cannot be read;
        PermanentError `chunk_incomplete`.
        """
        chunk = event.chunk
        data = await self._objects.read(event.file.object_key, chunk.offset, chunk.length)
        if len(data) != chunk.length:
            raise PermanentError("chunk_incomplete", "The stored file is shorter than what was said of it.")
        head = await self._head(event, data)
        return self._said(_Reading(event, data, head, resolve(_plan(event.parse), head.names)))

    async def _head(self, event: ChunkReady, data: bytes) -> Head:
        dialect, encoding = event.parse.dialect(), event.file.encoding
        key = (event.file.object_key, dialect)
        if key not in self._heads:
            is_first = event.chunk.index == 0
            first = data[:HEAD_BYTES] if is_first else await self._objects.read(event.file.object_key, 0, HEAD_BYTES)
            if len(self._heads) >= _KEPT_HEADS:
                self._heads.clear()
            self._heads[key] = read_head(first, dialect, encoding=encoding)
        return self._heads[key]

    def _said(self, reading: _Reading) -> Iterator[rows.RowsParsed]:
        event, first = reading.event, 0
        dialect, encoding = event.parse.dialect(), event.file.encoding
        blocks = _blocks(event.chunk)
        for place, (offset, length, first_line) in enumerate(blocks):
            block_bytes = reading.data[offset : offset + length]
            is_first = event.chunk.index == 0 and place == 0
            skipped = dialect.skip_lines if is_first else 0
            block = judge_block(
                block_bytes,
                dialect,
                reading.head,
                reading.mapping,
                encoding=encoding,
                first_line=first_line,
                skip_lines=skipped,
            )
            positions = Positions(block_bytes, encoding, first_line=first_line, offset=event.chunk.offset + offset)
            batches = list(cut_batches(block, first=first))
            for batch in batches:
                is_last = batch is batches[-1] and place == len(blocks) - 1
                yield self._event(reading, batch, positions, is_last=is_last)
            first += block.records

    def _event(self, reading: _Reading, batch: Batch, positions: Positions, *, is_last: bool) -> rows.RowsParsed:
        event = reading.event
        blank, header, skipped = batch.no_row_counts()
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
            first_line=batch.first_line,
            lines=batch.lines,
            is_last=is_last,
            chunk_bytes=event.chunk.length,
            batching_version=BATCHING_VERSION,
            fields=reading.mapping.fields,
            missing_columns=list(reading.mapping.missing),
            good=batch.rows.num_rows,
            blank=blank,
            header=header,
            skipped=skipped,
            rows=pack_rows(batch.rows),
            passwords=[self._sealed(password, event.parse) for password in batch.passwords],
            rejected=[
                rows.RejectedRow(
                    line=rejection.row.line,
                    unique_id=rejection.row.unique_id,
                    id_unreadable=rejection.row.id_unreadable,
                    offset=positions.offset_of(rejection.row.line),
                    length=positions.length_of(rejection.row.line, rejection.height),
                    problems=_problems(rejection.row.problems),
                )
                for rejection in batch.rejected
            ],
            warned=[
                rows.WarnedRow(line=warned.line, unique_id=warned.unique_id, problems=_problems(warned.problems))
                for warned in batch.warned
            ],
        )

    def _sealed(self, password: Password, rules: ParseRules) -> rows.SealedPassword:
        parts = str(rules.manager_id), password.unique_id or "", str(password.field), password.clear
        return rows.SealedPassword(
            line=password.line,
            field=password.field,
            sealed=self._sealer.seal(password.clear, "password"),
            fingerprint=self._sealer.fingerprint(*parts),
        )


def _problems(problems: Iterable[RowProblem]) -> list[rows.RowProblem]:
    return [rows.RowProblem(code=problem.code, column=problem.column) for problem in problems]


def _blocks(chunk: ChunkRange) -> list[tuple[int, int, int]]:
    """Return offset within the chunk, length and first line of each block; PermanentError `chunk_incomplete`."""
    offset, blocks = 0, []
    for length, first_line in chunk.blocks or [(chunk.length, chunk.first_line)]:
        blocks.append((offset, length, first_line))
        offset += length
    if offset != chunk.length:
        raise PermanentError("chunk_incomplete", "The blocks of a chunk are not all of it.")
    return blocks


def _plan(rules: ParseRules) -> ParsePlan:
    key = None
    if rules.key_column is not None:
        key = MappedColumn(rules.key_column, rules.key_field, rules.key_kind, rules.key_case)
    return ParsePlan(
        columns=tuple(
            MappedColumn(column.column, column.field, column.kind, column.case, column.constant)
            for column in rules.columns
        ),
        key=key,
        trim=rules.trim,
        keep_refused=rules.refused_values == "keep",
        keep_missing=rules.missing_columns == "keep",
        notation=Notation(rules.phone_region, rules.decimal_separator, rules.date_format),
    )
