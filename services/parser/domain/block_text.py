"""The text of a block, and where in the stored file its rows stand, in bytes."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import Final

from shared.rules.charset import charset_name, decode
from shared.rules.line_ends import count_line_ends, line_starts

# Small enough to be split into lines for each row that is looked for.
_PIECE_BYTES: Final = 32 * 1024


class BlockText:
    """A block's bytes, which begin on `first_line`, `offset` bytes into the stored text; finds its rows."""

    def __init__(self, data: bytes, encoding: str, *, first_line: int, offset: int = 0) -> None:
        self.data = data
        self.encoding = encoding
        self.first_line = first_line
        self._offset = offset

    @property
    def is_utf8(self) -> bool:
        """Tell whether the text is in UTF-8; else it is in a single-byte encoding."""
        return charset_name(self.encoding) == "utf-8"

    @cached_property
    def lines(self) -> "LineIndex | DecodedLines":
        """Return the block's physical lines."""
        # In a single-byte encoding every byte is one character, and line ends need not be those of ASCII.
        return LineIndex(self.data) if self.is_utf8 else DecodedLines(decode(self.data, self.encoding))

    def place_of(self, line: int, height: int) -> tuple[int, int]:
        """Return where the row of so many lines that begins on a line begins, and its length with its line end."""
        first = line - self.first_line
        begin = self.lines.start_of(first)
        return self._offset + begin, self.lines.start_of(first + height) - begin


class LineIndex:
    """Finds single lines of a text in a superset of ASCII: only counts the others, piece by piece."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._pieces = [0]
        while (begin := self._pieces[-1]) < len(text):
            end = begin + _PIECE_BYTES
            self._pieces.append(min(end + (text[end - 1 : end + 1] == b"\r\n"), len(text)))
        spans = zip(self._pieces, self._pieces[1:], strict=False)
        self._ended = [0, *accumulate(_line_ends(text, spans))]
        self._split: tuple[int, list[int]] = (0, [0])

    @property
    def count(self) -> int:
        """How many lines there are; the last one may lack its end."""
        return self._ended[-1] + bool(self._text and not self._text.endswith((b"\n", b"\r")))

    def start_of(self, line: int) -> int:
        """Return where a line, from 0, begins; beyond the last one: where the text ends."""
        piece = bisect_left(self._ended, line)
        if piece == 0:
            return 0
        if piece == len(self._ended):
            return len(self._text)
        if self._split[0] != piece:
            self._split = piece, line_starts(self._text[self._pieces[piece - 1] : self._pieces[piece]])
        return self._pieces[piece - 1] + self._split[1][line - self._ended[piece - 1]]


def _line_ends(text: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    if b"\r" in text:
        return (count_line_ends(text[begin:end]) for begin, end in spans)
    return (text.count(b"\n", begin, end) for begin, end in spans)


class DecodedLines:
    """Finds lines of a text whose characters are one byte each."""

    def __init__(self, text: str) -> None:
        self._starts = line_starts(text)
        self.count = len(self._starts) - 1

    def start_of(self, line: int) -> int:
        """Return where a line, from 0, begins; beyond the last one: where the text ends."""
        return self._starts[min(line, self.count)]
