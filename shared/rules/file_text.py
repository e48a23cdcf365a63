"""Turns a file's bytes into the text that is stored: UTF-8 without a byte order mark, or a single-byte encoding as is.

Rules: a byte order mark comes first, then the import's choice, then UTF-8; a mark that contradicts the choice fails
the run. A byte that cannot be decoded passes as a half of a character that UTF-8 does not have (`restore_escapes` makes
the byte of it again), so that the parser rejects that record.
"""

import codecs
from typing import Final

from shared.errors import UserError
from shared.rules.charset import charset_name, is_single_byte
from shared.rules.piece_decoder import PieceDecoder

_MARKS: Final = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a choice means for a file without a mark: little-endian, as the WHATWG's Encoding Standard and Windows have it.
_WITHOUT_MARK: Final = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
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
        self._decided = False
        self._pieces: PieceDecoder | None = None
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
            self._pieces = PieceDecoder(name)
        return data

    def _decode(self, data: bytes, *, final: bool) -> bytes:
        if self._pieces is None:
            return data
        return self._pieces.decode(data, final=final).encode("utf-8", "surrogatepass")


def _family(name: str) -> str:
    return next((family for family in _FAMILIES if name.startswith(family)), name)
