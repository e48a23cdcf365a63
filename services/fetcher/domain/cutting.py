"""Cuts a file into chunks, and those into blocks, at record ends while it streams past, and counts its lines."""

import re
from enum import Enum, auto
from typing import Final

from services.fetcher.domain.chunks import Chunk, ChunkList
from services.fetcher.domain.grammar import grammar_of
from shared.errors import UserError
from shared.rules.dialect import Dialect, validate_dialect

CHUNK_BYTES: Final = 8 * 1024 * 1024
# Small enough to be held in memory several times, and large enough that what is done once for each costs little.
BLOCK_BYTES: Final = 2 * 1024 * 1024
MAX_RECORD_BYTES: Final = 64 * 1024 * 1024

# Data is looked at in pieces of this size; a record longer than one is noticed when it ends in a later one.
_PIECE_BYTES: Final = 1024 * 1024
_LINE_END: Final = re.compile(rb"\r\n?|\n")


class _State(Enum):
    SKIPPING = auto()
    RECORD_START = auto()
    CELL_START = auto()
    IN_TEXT = auto()
    IN_QUOTES = auto()
    AFTER_QUOTE = auto()
    IN_COMMENT = auto()


_WHOLE_LINES: Final = frozenset({_State.SKIPPING, _State.IN_COMMENT})


class ChunkCutter:
    """Finds the chunks of one file; holds a piece of it at most, however long a record is.

    A chunk ends with the first record that reaches `chunk_bytes`, a block with the first that reaches `block_bytes`,
    however the file was fed. The records of the chunks, read one by one by `read_records`, are those of the whole
    file; lines to skip stand before the first.
    """

    def __init__(
        self, dialect: Dialect, *, encoding: str, chunk_bytes: int = CHUNK_BYTES, block_bytes: int = BLOCK_BYTES
    ) -> None:
        """Take a dialect and the encoding of the bytes that will be fed: UTF-8 or a single-byte one."""
        validate_dialect(dialect)
        self._grammar = grammar_of(dialect, encoding)
        self._chunks = ChunkList(chunk_bytes=chunk_bytes, block_bytes=block_bytes)
        self._to_skip = dialect.skip_lines
        self._state = _State.SKIPPING if self._to_skip else _State.RECORD_START
        self._piece = b""
        self._piece_offset = 0  # in the file
        self._counted = 0  # how far into the piece lines were counted
        self._lines = 0  # ended before there
        self._in_line = False  # whether the last line lacks its end
        self._record_offset = 0
        self._record_line = 1  # where the record began that is not at its end
        self._quote_line = 0
        self.lines = 0
        """How many physical lines the file has; known once it is finished."""

    def feed(self, data: bytes) -> list[Chunk]:
        """Take the file's next bytes; return the chunks that end in them.

        Raises UserError `record_too_large` for a record of more than 64 MiB.
        """
        for start in range(0, len(data), _PIECE_BYTES):
            self._take(data[start : start + _PIECE_BYTES])
        return self._chunks.take()

    def finish(self) -> list[Chunk]:
        """Take the end of the file; return the chunks that are left.

        Raises UserError `file_empty` where there were no bytes, and `quote_unclosed`.
        """
        length = len(self._piece)
        self._scan(length)
        self._count_lines(length)
        self.lines = self._lines + self._in_line
        end = self._piece_offset + length
        if end == 0:
            raise UserError("file_empty", "The file is empty: it has no bytes at all")
        if self._state is _State.IN_QUOTES:
            message = (
                f"A quote that opens on line {self._quote_line} is never closed: close it, or double it if "
                "it is part of the text"
            )
            raise UserError("quote_unclosed", message)
        self._check_record(end)
        self._chunks.end_block(end, self._lines + 1, at_end=True)
        return self._chunks.take()

    def _take(self, data: bytes) -> None:
        if self._grammar.translation is not None:
            data = data.translate(self._grammar.translation)
        self._in_line = not data.endswith((b"\r", b"\n"))
        self._piece += data
        # A CR at the end waits for what follows: it may be one line end with an LF.
        done = self._scan(len(self._piece) - self._piece.endswith(b"\r"))
        self._count_lines(done)
        self._piece = self._piece[done:]
        self._piece_offset += done
        self._counted = 0
        self._check_record(self._piece_offset)

    def _scan(self, limit: int) -> int:
        """Go through the block up to `limit`; return how far it need not be looked at again."""
        position = 0
        while position < limit:
            if self._state in _WHOLE_LINES:
                position = self._pass_line(position, limit)
            elif self._state is _State.RECORD_START:
                position = self._whole_records(position, limit)
                if position == limit:
                    break
                self._count_lines(position)
                self._record_line = self._lines + 1
                comment = self._grammar.comment
                is_comment = comment is not None and self._piece.startswith(comment, position)
                self._state = _State.IN_COMMENT if is_comment else _State.CELL_START
            else:
                following = self._step(position, limit)
                if following is None:
                    # The last bytes may be a delimiter's first ones.
                    return max(position, limit - len(self._grammar.delimiter) + 1)
                position = following
        return position

    def _pass_line(self, position: int, limit: int) -> int:
        """Pass a comment, or the next of the lines to skip, which are no records, whatever quotes they hold."""
        line_end = _LINE_END.search(self._piece, position, limit)
        if line_end is None:
            return limit
        end = line_end.end()
        if self._state is _State.IN_COMMENT:
            self._state = _State.RECORD_START
            self._end_record(end)
            return end
        self._record_offset = self._piece_offset + end
        self._to_skip -= 1
        if not self._to_skip:
            self._state = _State.RECORD_START
        return end

    def _whole_records(self, position: int, limit: int) -> int:
        """Pass all records from `position` that end before `limit`, or before a cut is due."""
        block, grammar = self._piece, self._grammar
        plain = block.find(grammar.quote, position, limit) < 0
        while True:
            due = self._chunks.due - self._piece_offset
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
        block, quote = self._piece, self._grammar.quote
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
        if cells is not None and (passed := cells.match(self._piece, position, limit)):
            position = passed.end()
        stop = self._grammar.stop.search(self._piece, position, limit)
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
        end = self._piece_offset + position
        # Records passed together lie within a block; only the first may be longer.
        self._check_record(end)
        self._record_offset = end
        if end >= self._chunks.due:
            self._count_lines(position)
            self._chunks.end_block(end, self._lines + 1)

    def _count_lines(self, position: int) -> None:
        """Count the line ends up to `position`, which is never between a CR and its LF."""
        block, start = self._piece, self._counted
        self._lines += block.count(b"\n", start, position)
        if block.find(b"\r", start, position) >= 0:  # far quicker than counting none
            self._lines += block.count(b"\r", start, position) - block.count(b"\r\n", start, position)
        self._counted = position

    def _check_record(self, end: int) -> None:
        if end - self._record_offset > MAX_RECORD_BYTES:
            message = f"The row that begins on line {self._record_line} is larger than 64 MiB: check its quotes"
            raise UserError("record_too_large", message)
