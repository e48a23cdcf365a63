"""Cuts a file into chunks at record ends while it streams past, and counts its lines."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.fetcher.domain.grammar import grammar_of
from shared.errors import UserError
from shared.rules.dialect import Dialect, validate_dialect

CHUNK_BYTES: Final = 8 * 1024 * 1024
MAX_RECORD_BYTES: Final = 64 * 1024 * 1024

# Data is looked at in blocks of this size; a record longer than one is noticed when it ends in a later one.
_BLOCK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """A byte range of the file that holds whole records, and the physical line, from 1, it begins on."""

    index: int
    offset: int
    length: int
    first_line: int


class _State(Enum):
    RECORD_START = auto()
    CELL_START = auto()
    IN_TEXT = auto()
    IN_QUOTES = auto()
    AFTER_QUOTE = auto()


class ChunkCutter:
    """Finds the chunks of one file; holds a block of it at most, however long a record is.

    A chunk ends with the first record that reaches `chunk_bytes`, however the file was fed. The records of
    the chunks, read one by one by `read_records`, are those of the whole file.
    """

    def __init__(self, dialect: Dialect, *, encoding: str, chunk_bytes: int = CHUNK_BYTES) -> None:
        """Take a dialect and the encoding of the bytes that will be fed: UTF-8 or a single-byte one."""
        validate_dialect(dialect)
        self._grammar = grammar_of(dialect, encoding)
        self._chunk_bytes = chunk_bytes
        self._state = _State.RECORD_START
        self._block = b""
        self._block_offset = 0  # of the block in the file
        self._counted = 0  # how far into the block lines were counted
        self._lines = 0  # ended before there
        self._record_offset = 0
        self._record_line = 1  # where the record began that is not at its end
        self._quote_line = 0
        self._chunk_offset = 0
        self._chunk_line = 1
        self._chunks: list[Chunk] = []
        self._chunk_count = 0

    def feed(self, data: bytes) -> list[Chunk]:
        """Take the file's next bytes; return the chunks that end in them.

        Raises UserError `record_too_large` for a record of more than 64 MiB.
        """
        for start in range(0, len(data), _BLOCK_BYTES):
            self._take(data[start : start + _BLOCK_BYTES])
        return self._said()

    def finish(self) -> list[Chunk]:
        """Take the end of the file; return the chunks that are left.

        Raises UserError `file_empty` where there were no bytes, and `quote_unclosed`.
        """
        self._scan(len(self._block))
        end = self._block_offset + len(self._block)
        if end == 0:
            raise UserError("file_empty", "The file is empty: it has no bytes at all")
        if self._state is _State.IN_QUOTES:
            message = (
                f"A quote that opens on line {self._quote_line} is never closed: close it, or double it if "
                "it is part of the text"
            )
            raise UserError("quote_unclosed", message)
        self._check_record(end)
        if end > self._chunk_offset:
            self._cut(end)
        return self._said()

    def _said(self) -> list[Chunk]:
        chunks, self._chunks = self._chunks, []
        return chunks

    def _take(self, data: bytes) -> None:
        if self._grammar.translation is not None:
            data = data.translate(self._grammar.translation)
        self._block += data
        # A CR at the end waits for what follows: it may be one line end with an LF.
        done = self._scan(len(self._block) - self._block.endswith(b"\r"))
        self._count_lines(done)
        self._block = self._block[done:]
        self._block_offset += done
        self._counted = 0
        self._check_record(self._block_offset)

    def _scan(self, limit: int) -> int:
        """Go through the block up to `limit`; return how far it need not be looked at again."""
        position = 0
        while position < limit:
            if self._state is _State.RECORD_START:
                position = self._whole_records(position, limit)
                if position == limit:
                    break
                self._count_lines(position)
                self._record_line = self._lines + 1
                self._state = _State.CELL_START
            following = self._step(position, limit)
            if following is None:
                # The last bytes may be a delimiter's first ones.
                return max(position, limit - len(self._grammar.delimiter) + 1)
            position = following
        return position

    def _whole_records(self, position: int, limit: int) -> int:
        """Pass all records from `position` that end before `limit`, or before a cut is due."""
        block, grammar = self._block, self._grammar
        plain = block.find(grammar.quote, position, limit) < 0
        while True:
            due = self._chunk_offset + self._chunk_bytes - self._block_offset
            goal = min(limit, due)
            if plain:
                line_ends = (block.rfind(b"\n", position, goal), block.rfind(b"\r", position, goal))
                end = max(position, *(line_end + 1 for line_end in line_ends))
            else:
                passed = grammar.records.match(block, position, goal)
                assert passed is not None  # it may be empty, but always matches
                end = passed.end()
            if position < end < limit and block[end - 1 : end + 1] == b"\r\n":
                end += 1  # the goal stood between the two
            if end == position:
                return position
            position = end
            self._end_record(position)
            if position < due:
                return position

    def _step(self, position: int, limit: int) -> int | None:
        """Pass the next piece of a record; None if it can't be told yet where that ends."""
        block, quote = self._block, self._grammar.quote
        match self._state:
            case _State.IN_QUOTES:
                closing = block.find(quote, position, limit)
                if closing < 0:
                    return limit
                self._state = _State.AFTER_QUOTE
                return closing + 1
            case _State.CELL_START if block.startswith(quote, position):
                self._count_lines(position)
                self._quote_line = self._lines + 1
                self._state = _State.IN_QUOTES
                return position + 1
            case _State.AFTER_QUOTE if block.startswith(quote, position):
                self._state = _State.IN_QUOTES
                return position + 1
            case _:
                return self._pass_text(position, limit)

    def _pass_text(self, position: int, limit: int) -> int | None:
        self._state = _State.IN_TEXT
        cells = self._grammar.cells
        if cells is not None and (passed := cells.match(self._block, position, limit)):
            position = passed.end()
        stop = self._grammar.stop.search(self._block, position, limit)
        if stop is None:
            return None
        end = stop.end()
        if stop.group() == self._grammar.delimiter:
            self._state = _State.CELL_START
        else:
            self._state = _State.RECORD_START
            self._end_record(end)
        return end

    def _end_record(self, position: int) -> None:
        end = self._block_offset + position
        # Records passed together lie within a block; only the first may be longer.
        self._check_record(end)
        self._record_offset = end
        if end >= self._chunk_offset + self._chunk_bytes:
            self._count_lines(position)
            self._cut(end)

    def _cut(self, end: int) -> None:
        chunk = Chunk(self._chunk_count, self._chunk_offset, end - self._chunk_offset, self._chunk_line)
        self._chunks.append(chunk)
        self._chunk_count += 1
        self._chunk_offset = end
        self._chunk_line = self._lines + 1

    def _count_lines(self, position: int) -> None:
        """Count the line ends up to `position`, which is never between a CR and its LF."""
        block, start = self._block, self._counted
        self._lines += block.count(b"\n", start, position)
        if block.find(b"\r", start, position) >= 0:  # far quicker than counting none
            self._lines += block.count(b"\r", start, position) - block.count(b"\r\n", start, position)
        self._counted = position

    def _check_record(self, end: int) -> None:
        if end - self._record_offset > MAX_RECORD_BYTES:
            message = f"The row that begins on line {self._record_line} is larger than 64 MiB: check its quotes"
            raise UserError("record_too_large", message)
