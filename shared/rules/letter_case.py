"""What becomes of the letters of a value, where an import asks for it."""

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Case(StrEnum):
    """Small letters, capitals, or a capital at the beginning of each word."""

    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"


_MARK: Final = "\u0300"
"""Stands for all combining marks, of which `re` has no class: `u\u0308` is one letter of a word, as `\xfc` is."""
# A word may have an apostrophe within: O'Brien is one word with two capitals, don't is not.
_WORD: Final = re.compile(rf"[^\W\d_](?:[^\W\d_]|{_MARK})*(?:['\u2019][^\W\d_]{_MARK}*(?![^\W\d_]|{_MARK}))?")


def in_case(value: str, case: Case) -> str:
    """Return `value` with its letters in that case."""
    match case:
        case Case.LOWER:
            return value.lower()
        case Case.UPPER:
            return value.upper()
        case Case.TITLE:
            return _titled(value)


def _titled(value: str) -> str:
    words = value if value.isascii() else "".join(_MARK if _is_mark(sign) else sign for sign in value)
    parts: list[str] = []
    end = 0
    for word in _WORD.finditer(words):
        begin = word.start()
        small = value[begin : word.end()].lower()  # as a whole: a last sigma has a form of its own
        first = value[begin]
        parts += value[end:begin], first.title(), small[len(first.lower()) :]
        end = word.end()
    return "".join([*parts, value[end:]])


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")
