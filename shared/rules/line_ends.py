"""Physical lines: CRLF, LF and CR each end one, inside quotes too."""

import io
from itertools import accumulate


def count_line_ends(text: str | bytes) -> int:
    """Return how many line ends there are."""
    if isinstance(text, str):
        return text.count("\n") + text.count("\r") - text.count("\r\n")
    ends = text.count(b"\n")
    if b"\r" in text:  # far quicker than counting none
        ends += text.count(b"\r") - text.count(b"\r\n")
    return ends


def height_of(cells: list[str]) -> int:
    """Return how many physical lines a record takes: one, and one for each line end in its cells."""
    return 1 + count_line_ends("|".join(cells))  # with a sign between, so that no CR and LF of two cells meet


def count_lines(text: str | bytes) -> int:
    """Return how many lines there are; the last one may lack its end."""
    last = "\r\n" if isinstance(text, str) else b"\r\n"
    return count_line_ends(text) + bool(text and text[-1:] not in (last[:1], last[1:]))


def line_starts(text: str | bytes) -> list[int]:
    """Return where each line begins, and where the text ends; a text that ends with a line end begins no more."""
    if isinstance(text, bytes):
        return [0, *accumulate(map(len, text.splitlines(keepends=True)))]  # of bytes: at CRLF, LF and CR only
    return [0, *accumulate(map(len, io.StringIO(text, newline="")))]
