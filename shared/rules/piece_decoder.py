"""Decodes a file piece by piece, in encodings with more than one byte for a character, or with states.

Python's own decoders fall short in three ways: they keep no more than 8 bytes of an unfinished sequence, take one error
at most at the end, and carry the state of a damaged line into the next.
"""

import codecs
from typing import Final

from shared.rules.charset import HELD

# Encodings with shifts, of which a line has to begin with none: so a damaged line spoils no other.
_ANEW_EACH_LINE: Final = {"hz", *(f"iso2022_jp{form}" for form in ("", "_1", "_2", "_2004", "_3", "_ext"))}


class PieceDecoder:
    """Takes bytes in pieces and returns text, of bytes that are not in the encoding as `charset-escape` has them."""

    def __init__(self, encoding: str) -> None:
        self._incremental = codecs.getincrementaldecoder(encoding)("charset-escape")
        self._anew_each_line = encoding in _ANEW_EACH_LINE
        self._knows_its_end = encoding.startswith("utf-")
        self._at_start = self._incremental.getstate()
        self._held = b""

    def decode(self, data: bytes, *, final: bool) -> str:
        """Return the text so far; all of it where this is the last piece."""
        if not self._anew_each_line:
            return self._text(data, final=final)
        lines = data.splitlines(keepends=True)
        return "".join(map(self._line, lines)) + (self._text(b"", final=True) if final else "")

    def _line(self, part: bytes) -> str:
        line = part.rstrip(b"\r\n")
        text = self._text(line, final=line != part)
        if line != part:
            self._incremental.setstate(self._at_start)  # Python's reset leaves some behind
        return text + part[len(line) :].decode("ascii")

    def _text(self, data: bytes, *, final: bool) -> str:
        data, self._held = self._held + data, b""
        text = self._begun(data)
        if not final:
            return text
        if self._knows_its_end:
            return text + self._incremental.decode(b"", final=True)
        return text + self._left_over()

    def _left_over(self) -> str:
        """Return the text of a sequence that nothing finishes: its first byte is none, what follows may be some."""
        text = ""
        while left := self._held + self._incremental.getstate()[0]:
            self._held = b""
            self._incremental.setstate((b"", self._incremental.getstate()[1]))
            text += chr(0xDC00 + left[0]) + self._begun(left[1:])
        return text

    def _begun(self, data: bytes) -> str:
        unfinished, state = self._incremental.getstate()
        try:
            return self._incremental.decode(data)
        except UnicodeError:  # an escape of ISO 2022 may have 15 bytes
            self._incremental.setstate((b"", state))
            return self._but_unfinished(unfinished + data)

    def _but_unfinished(self, data: bytes) -> str:
        self._incremental.errors = "charset-hold"
        text = self._incremental.decode(data, final=True)
        self._incremental.errors = "charset-escape"
        finished = text.rstrip(HELD)
        self._held = data[len(data) - (len(text) - len(finished)) :]
        return finished
