"""How alike the names of a column and a field are."""

from typing import Final, NamedTuple

from rapidfuzz import fuzz

from shared.rules.column_names import ALIASES, NUMBERS, meaning_of, plain_name
from shared.rules.password_names import is_password_name

LEAST_ALIKE: Final = 80.0
"""Of 100; below it other things are alike by chance: “Mail Stop” and “E-mail” come to 62."""
_SAME: Final = 100.0
_SAME_MEANING: Final = 92.0
_ALMOST_MEANING: Final = 86.0
_BOTH_NUMBERS: Final = 66.0


class Likeness(NamedTuple):
    """From 0 to 100, and why."""

    score: float
    reason: str | None = None


NOT_ALIKE: Final = Likeness(0.0)


def likeness(column: str, field: str) -> Likeness:
    """Return how likely the two names are to mean the same."""
    one, other = plain_name(column), plain_name(field)
    if one == other:
        return Likeness(_SAME, "The names are the same.")
    if is_password_name(column) and is_password_name(field):
        return Likeness(_SAME_MEANING, "Both are called password.")
    meanings = meaning_of(column), meaning_of(field)
    if None not in meanings:
        return _of_meanings(*meanings)
    alike = fuzz.token_sort_ratio(one, other)
    if alike >= LEAST_ALIKE:
        return Likeness(min(alike, _SAME_MEANING), "The names are alike.")
    # One of the two may be a known name with a slip in it.
    known, unknown = (meanings[0], other) if meanings[0] else (meanings[1], one)
    if known and max(fuzz.token_sort_ratio(unknown, alias) for alias in ALIASES[known]) > _ALMOST_MEANING:
        return Likeness(LEAST_ALIKE, f"The names seem to mean the same: {_words(known)}.")
    return NOT_ALIKE


def _of_meanings(column: str | None, field: str | None) -> Likeness:
    if column == field:
        return Likeness(_SAME_MEANING, f"The names mean the same: {_words(column)}.")
    if column in NUMBERS and field in NUMBERS and "id" in (column, field):
        return Likeness(_BOTH_NUMBERS, "Both are numbers that tell people apart.")
    return NOT_ALIKE


def _words(meaning: str | None) -> str:
    return (meaning or "").replace("_", " ")
