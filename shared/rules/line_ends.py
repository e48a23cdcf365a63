"""Physical lines: CRLF, LF and CR each end one, inside quotes too."""

import re
from typing import Final

_TEXT_LINE_END: Final = re.compile("\r\n?|\n")
_BYTES_LINE_END: Final = re.compile(rb"\r\n?|\n")


def count_line_ends(text: str | bytes) -> int:
    """Return how many line ends there are."""
    if isinstance(text, str):
        return text.count("\n") + text.count("\r") - text.count("\r\n")
    ends = text.count(b"\n")
    if b"\r" in text:  # far quicker than counting none
        ends += text.count(b"\r") - text.count(b"\r\n")
    return ends


def count_lines(text: str | bytes) -> int:
    """Return how many lines there are; the last one may lack its end."""
    last = "\r\n" if isinstance(text, str) else b"\r\n"
    return count_line_ends(text) + bool(text and text[-1:] not in (last[:1], last[1:]))


def line_starts(text: str | bytes) -> list[int]:
    """Return where each line begins, and where the text ends; a text that ends with a line end begins no more."""
    found = _TEXT_LINE_END.finditer(text) if isinstance(text, str) else _BYTES_LINE_END.finditer(text)
    starts = [0, *(end.end() for end in found)]
    return starts if starts[-1] == len(text) else [*starts, len(text)]
