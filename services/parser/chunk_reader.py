"""Reads one chunk of a stored file into batches of rows, as events."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from services.parser.domain.batching import BATCHING_VERSION, Batch, cut_batches
from services.parser.domain.block_text import BlockText
from services.parser.domain.blocks import judge_block
from services.parser.domain.judged import Password, Rejection
from services.parser.domain.rows import RowProblem
from shared.clock import Clock
from shared.errors import PermanentError
from shared.events import rows
from shared.events.files import ChunkRange, ChunkReady
from shared.events.set_up import ParseRules
from shared.ids import new_id
from shared.objects.file_head import read_file_head
from shared.objects.reader import ObjectReader
from shared.objects.store import SealedObjects
from shared.rules.dialect import Dialect
from shared.rules.header import Head
from shared.rules.kinds import Notation
from shared.rules.mapping import MappedColumn, ParsePlan, ResolvedMapping, resolve
from shared.sealing import Sealer

_KEPT_HEADS = 16
_TOGETHER = 4
"""Blocks, of two MiB each, that are handed to a thread at once: a hand-over may leave a core idle for a millisecond."""


@dataclass(frozen=True)
class _Reading:
    """A chunk, and all that is needed to judge its records."""

    event: ChunkReady
    head: Head
    mapping: ResolvedMapping


class _Block(NamedTuple):
    """A part of a chunk: where in the stored text it lies, and on which line it begins."""

    offset: int
    length: int
    first_line: int


class ChunkReader:
    """Parses chunks, some blocks of them at a time; passwords leave it sealed."""

    def __init__(self, objects: SealedObjects, sealer: Sealer, clock: Clock) -> None:
        self._objects = objects
        self._sealer = sealer
        self._clock = clock
        self._heads: dict[tuple[str, Dialect], Head] = {}

    async def batches(self, event: ChunkReady) -> AsyncGenerator[rows.RowsParsed]:
        """Yield the chunk's batches. Close it, by `aclosing`.

        UserError `file_not_text`, `file_has_no_rows`, `column_missing` where the file as a whole cannot be read;
        PermanentError `chunk_incomplete`.
        """
        blocks = _blocks(event.chunk)
        stored = await self._objects.reader(event.file.object_key)
        head = await self._head(event, stored)
        reading = _Reading(event, head, resolve(_plan(event.parse), head.names))
        first = 0
        for begin in range(0, len(blocks), _TOGETHER):
            part = blocks[begin : begin + _TOGETHER]
            texts = await _read(stored, part)
            is_last = part[-1] is blocks[-1]
            said = await asyncio.to_thread(self._said, reading, part, texts, first=first, is_last=is_last)
            for batch in said:
                yield batch
            first = said[-1].first + said[-1].count

    async def _head(self, event: ChunkReady, stored: ObjectReader) -> Head:
        dialect, encoding = event.parse.dialect(), event.file.encoding
        key = (event.file.object_key, dialect)
        if key not in self._heads:
            head, _ = await read_file_head(stored, dialect, encoding=encoding)
            if len(self._heads) >= _KEPT_HEADS:
                self._heads.clear()
            self._heads[key] = head
        return self._heads[key]

    def _said(
        self, reading: _Reading, part: list[_Block], texts: deque[bytes], *, first: int, is_last: bool
    ) -> list[rows.RowsParsed]:
        """Return the batches of some blocks, the first record of which is the chunk's number `first`."""
        said: list[rows.RowsParsed] = []
        for block in part:
            ends_chunk = is_last and block is part[-1]
            batches = self._batches(reading, block, texts.popleft(), first=first, is_last=ends_chunk)
            first = batches[-1].first + batches[-1].count
            said += batches
        return said

    def _batches(
        self, reading: _Reading, block: _Block, data: bytes, *, first: int, is_last: bool
    ) -> list[rows.RowsParsed]:
        dialect, encoding = reading.event.parse.dialect(), reading.event.file.encoding
        text = BlockText(data, encoding, first_line=block.first_line, offset=block.offset)
        skipped = dialect.skip_lines if block.offset == 0 else 0
        judged = judge_block(text, dialect, reading.head, reading.mapping, skip_lines=skipped)
        batches = list(cut_batches(judged, first=first))
        return [self._event(reading, batch, text, is_last=is_last and batch is batches[-1]) for batch in batches]

    def _event(self, reading: _Reading, batch: Batch, text: BlockText, *, is_last: bool) -> rows.RowsParsed:
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
            rows=batch.packed,
            passwords=[self._sealed(password, event.parse) for password in batch.passwords],
            rejected=[_rejected(rejection, text) for rejection in batch.rejected],
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


def _rejected(rejection: Rejection, text: BlockText) -> rows.RejectedRow:
    row = rejection.row
    offset, length = text.place_of(row.line, rejection.height)
    return rows.RejectedRow(
        line=row.line,
        unique_id=row.unique_id,
        id_unreadable=row.id_unreadable,
        offset=offset,
        length=length,
        problems=_problems(row.problems),
    )


def _problems(problems: Iterable[RowProblem]) -> list[rows.RowProblem]:
    return [rows.RowProblem(code=problem.code, column=problem.column) for problem in problems]


def _blocks(chunk: ChunkRange) -> list[_Block]:
    """Return the blocks that tile a chunk; PermanentError `chunk_incomplete`."""
    offset, blocks = chunk.offset, []
    for length, first_line in chunk.blocks or [(chunk.length, chunk.first_line)]:
        blocks.append(_Block(offset, length, first_line))
        offset += length
    if offset != chunk.offset + chunk.length:
        raise PermanentError("chunk_incomplete", "The blocks of a chunk are not all of it.")
    return blocks


async def _read(stored: ObjectReader, blocks: list[_Block]) -> deque[bytes]:
    """Return the text of some blocks; PermanentError `chunk_incomplete`."""
    texts: deque[bytes] = deque()
    for block in blocks:
        texts.append(await stored.read(block.offset, block.length))
        if len(texts[-1]) != block.length:
            raise PermanentError("chunk_incomplete", "The stored file is shorter than what was said of it.")
    return texts


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
        expected_columns=None if rules.has_header else rules.expected_columns,
        password_columns=tuple(rules.password_columns),
        delimiter=rules.delimiter,
    )
