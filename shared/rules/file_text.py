"""Turns a file's bytes into the text that is stored: UTF-8 without a byte order mark, or a single-byte encoding as is.

Rules: a byte order mark comes first, then the import's choice, then UTF-8; a mark that contradicts the choice fails
the run. A byte that cannot be decoded passes as a half of a character that UTF-8 does not have (`restore_escapes` makes
the byte of it again), so that the parser rejects that record.
"""

import codecs
from typing import Final

from shared.errors import UserError
from shared.rules.charset import HELD, charset_name, is_single_byte

_MARKS: Final = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a choice means for a file without a mark: little-endian, as the WHATWG's Encoding Standard and Windows have it.
_WITHOUT_MARK: Final = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
# Encodings with shifts, of which a line has to begin with none: so a damaged line spoils no other.
_ANEW_EACH_LINE: Final = {"hz", *(f"iso2022_jp{form}" for form in ("", "_1", "_2", "_2004", "_3", "_ext"))}
_LONGEST_MARK: Final = 4
_FAMILIES: Final = ("utf-8", "utf-16", "utf-32")


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding that a file's byte order mark names, None where it has none."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


class TextDecoder:
    """Takes a file in pieces.

    Once `finish` was called or text came, `encoding` says what the text is in, `decoded_from` what the file was in.
    """

    def __init__(self, chosen: str | None) -> None:
        self._chosen = charset_name(chosen) if chosen else None
        self._head = b""
        self._held = b""
        self._decided = False
        self._anew_each_line = False
        self._at_start: tuple[bytes, int] = (b"", 0)
        self._incremental: codecs.IncrementalDecoder | None = None
        self.encoding = "utf-8"
        self.decoded_from = "utf-8"

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return the text so far."""
        if not self._decided:
            self._head += data
            if len(self._head) < _LONGEST_MARK:
                return b""
            data = self._decide()
        return self._decode(data, final=False)

    def finish(self) -> bytes:
        """Take the end of the file; return the rest of the text."""
        data = b"" if self._decided else self._decide()
        return self._decode(data, final=True)

    def _decide(self) -> bytes:
        self._decided = True
        data, self._head = self._head, b""
        marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), None)
        if marked:
            mark, name = marked
            if self._chosen and _family(self._chosen) != _family(name):
                raise UserError(
                    "encoding_contradicts_mark",
                    f"The file begins with the byte order mark of {_family(name).upper()}, but the import says it is "
                    f"in {self._chosen}. Choose the encoding anew, or leave it to be detected.",
                )
            data = data[len(mark) :]
        else:
            name = self._chosen or "utf-8"
        name = _WITHOUT_MARK.get(name, name)
        self.decoded_from = name
        if name == "utf-8" or is_single_byte(name):
            self.encoding = name
        else:
            self._anew_each_line = name in _ANEW_EACH_LINE
            self._incremental = codecs.getincrementaldecoder(name)("charset-escape")
            self._at_start = self._incremental.getstate()
        return data

    def _decode(self, data: bytes, *, final: bool) -> bytes:
        if self._incremental is None:
            return data
        if not self._anew_each_line:
            return self._text(data, final=final)
        lines = data.splitlines(keepends=True)
        return b"".join(map(self._line, lines)) + (self._text(b"", final=True) if final else b"")

    def _line(self, part: bytes) -> bytes:
        line = part.rstrip(b"\r\n")
        text = self._text(line, final=line != part)
        if line != part and self._incremental is not None:
            self._incremental.setstate(self._at_start)  # Python's reset leaves some behind
        return text + part[len(line) :]

    def _text(self, data: bytes, *, final: bool) -> bytes:
        if self._incremental is None:
            return data
        data, self._held = self._held + data, b""
        state = self._incremental.getstate()
        try:
            text = self._incremental.decode(data, final)
        except UnicodeError:  # Python keeps 8 bytes of an unfinished sequence; an escape of ISO 2022 may have 15
            text = self._decode_but_unfinished(self._incremental, state, data)
        return text.encode("utf-8", "surrogatepass")

    def _decode_but_unfinished(
        self, incremental: codecs.IncrementalDecoder, state: tuple[bytes, int], data: bytes
    ) -> str:
        incremental.setstate((b"", state[1]))
        data = state[0] + data
        incremental.errors = "charset-hold"
        text = incremental.decode(data, final=True)
        incremental.errors = "charset-escape"
        finished = text.rstrip(HELD)
        self._held = data[len(data) - (len(text) - len(finished)) :]
        return finished


def _family(name: str) -> str:
    return next((family for family in _FAMILIES if name.startswith(family)), name)
