"""What becomes of the letters of a value, where an import asks for it."""

import re
from enum import StrEnum
from typing import Final


class Case(StrEnum):
    """Small letters, capitals, or a capital at the beginning of each word."""

    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"


# A word may have an apostrophe within: O'Brien is one word with two capitals, don't is not.
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_](?![^\W\d_]))?")


def in_case(value: str, case: Case) -> str:
    """Return `value` with its letters in that case."""
    match case:
        case Case.LOWER:
            return value.lower()
        case Case.UPPER:
            return value.upper()
        case Case.TITLE:
            return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), value)
