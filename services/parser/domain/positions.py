"""Where in a stored file its rows stand, in bytes."""

from functools import cached_property

from shared.rules.charset import charset_name, decode
from shared.rules.line_ends import line_starts


class Positions:
    """Finds rows of a block that begins on `first_line`, `offset` bytes into the stored text."""

    def __init__(self, block: bytes, encoding: str, *, first_line: int, offset: int) -> None:
        self._block = block
        self._encoding = encoding
        self._first_line = first_line
        self._offset = offset

    @cached_property
    def _starts(self) -> list[int]:
        # In a single-byte encoding every byte is one character, and line ends need not be those of ASCII.
        is_utf8 = charset_name(self._encoding) == "utf-8"
        return line_starts(self._block if is_utf8 else decode(self._block, self._encoding))

    def offset_of(self, line: int) -> int:
        """Return where the row that begins on a line begins."""
        return self._offset + self._starts[line - self._first_line]

    def length_of(self, line: int, height: int) -> int:
        """Return how many bytes a row of so many lines has, with its line end."""
        first = line - self._first_line
        return self._starts[min(first + height, len(self._starts) - 1)] - self._starts[first]
