"""Encodings of files: which there are, and how bytes that are not in one stay visible in the text.

A byte that an encoding does not have becomes U+DC00 plus the byte, as Python's `surrogateescape` does it;
unlike there, bytes below 0x80 can be escaped too, which some single-byte encodings need. Codecs know this as
`charset-escape`; `charset-hold` keeps an unfinished sequence at the end apart, for the next piece of a file.
"""

import codecs
import re
from functools import lru_cache
from itertools import cycle
from typing import Final

from shared.errors import UserError

# Transformations that Python files under text codecs, but in which no file is written; a damaged shift of UTF-7, which
# is for mail, would take signs and ends of lines with it.
_NOT_FOR_FILES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})

# Python's codecs with more than one byte for a character, or with states; all others have one byte for each.
_MULTI_BYTE: Final = re.compile(
    r"utf-.*|big5.*|cp932|cp949|cp950|euc_.*|gb2312|gbk|gb18030|hz|iso2022_.*|johab|shift_jis.*"
)

HELD: Final = "\ud800"
"""What `charset-hold` makes of each byte of an unfinished sequence at the end; no codec with such sequences has it."""

INCOMPLETE: Final = "incomplete multibyte sequence"
"""What the codecs of East Asian encodings say of the end of a text."""

_ESCAPED: Final = re.compile("[\udc00-\udcff]")
_ESCAPED_RUN: Final = re.compile("([\udc00-\udcff]+)")
# U+DC00 to U+DCFF as UTF-8 would have them, each byte of them escaped.
_STORED_ESCAPE: Final = re.compile("\udced[\udcb0-\udcb3][\udc80-\udcbf]")


@lru_cache(maxsize=256)
def charset_name(encoding: str) -> str:
    """Return Python's own name for an encoding.

    Raises UserError `encoding_unknown` for a name that is no encoding of text files.
    """
    try:
        "".encode(encoding)  # says LookupError for codecs that are not for text, which `lookup` does not
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = None
    if name is None or name in _NOT_FOR_FILES:
        message = f'"{encoding[:40]}" is not a known encoding; use a name such as utf-8 or windows-1252'
        raise UserError("encoding_unknown", message, field="options.encoding")
    return name


def is_single_byte(encoding: str) -> bool:
    """Tell whether every character of the encoding is one byte."""
    return not _MULTI_BYTE.fullmatch(charset_name(encoding))


@lru_cache(maxsize=32)
def single_byte_table(encoding: str) -> str:
    """Return the 256 characters of a single-byte encoding, escapes where it has none."""
    return "".join(bytes([byte]).decode(encoding, "charset-escape") for byte in range(256))


def decode(data: bytes, encoding: str) -> str:
    """Return the text of `data` in UTF-8 or a single-byte encoding; bytes not in it are escaped.

    Raises ValueError for other encodings: they are turned into UTF-8 before they get here.
    """
    name = charset_name(encoding)
    if name == "utf-8":
        return data.decode("utf-8", "surrogateescape")
    if not is_single_byte(name):
        raise ValueError(f"{name} is neither UTF-8 nor a single-byte encoding")
    return codecs.charmap_decode(data, "strict", single_byte_table(name))[0]


def has_escapes(text: str) -> bool:
    """Tell whether `text` holds a byte that was not in its encoding."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")  # ten times faster than a search
    except UnicodeEncodeError:
        return _ESCAPED.search(text) is not None
    return False


def restore_escapes(text: str) -> str:
    """Return a text that was turned into UTF-8 before, with each byte that was not in its encoding as one escape.

    A file that was in UTF-8 from the beginning may hold the like as bytes of its own.
    """
    if not has_escapes(text):
        return text
    return _STORED_ESCAPE.sub(
        lambda found: found[0].encode("utf-8", "surrogateescape").decode("utf-8", "surrogatepass"), text
    )


def readable(text: str) -> str:
    r"""Return text for people: a byte that was not in its encoding as `\x81`."""
    if not has_escapes(text):
        return text
    return _ESCAPED.sub(lambda found: "".join(f"\\x{ord(sign) & 0xFF:02x}" for sign in found[0]), text)


def encode_escaped(text: str, encoding: str) -> bytes:
    """Return `text` in an encoding, with escaped bytes as they were; a character that it lacks becomes `?`.

    In UTF-16 and UTF-32, escapes that are no whole units stay halves of characters: bytes would displace all behind.
    """
    name = charset_name(encoding).removesuffix("-sig")
    unit = 2 if name.startswith("utf-16") else 4 if name.startswith("utf-32") else 1
    if unit == 1 or not has_escapes(text):
        return text.encode(name, "charset-escape")
    return b"".join(
        b"".join(map(_escaped_byte, part))
        if is_escaped and len(part) % unit == 0
        else part.encode(name, "surrogatepass")
        for is_escaped, part in zip(cycle((False, True)), _ESCAPED_RUN.split(text), strict=False)
    )


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError):
        found = error.object[error.start : error.end]
        return b"".join(_escaped_byte(character) for character in found), error.end
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # Of what might have begun a character the codec names all that is left, and that may hold a line's end.
    end = error.start + 1 if error.reason == INCOMPLETE else error.end
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : end]), end


def _escaped_byte(character: str) -> bytes:
    code = ord(character) - 0xDC00
    return bytes([code]) if code in range(256) else b"?"


def _hold(error: UnicodeError) -> tuple[str | bytes, int]:
    is_unfinished = isinstance(error, UnicodeDecodeError) and error.end == len(error.object)
    if isinstance(error, UnicodeDecodeError) and is_unfinished and error.reason == INCOMPLETE:
        return HELD * (error.end - error.start), error.end
    return _escape(error)


codecs.register_error("charset-escape", _escape)
codecs.register_error("charset-hold", _hold)
