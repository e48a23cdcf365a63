"""What spreadsheets make of a cell."""

from typing import Final

_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def is_formula(value: str) -> bool:
    """Tell whether a spreadsheet takes a value for a formula, which may do anything to who opens it."""
    return value.startswith(_FORMULA_SIGNS)


def harmless(value: str) -> str:
    """Return a value as a spreadsheet shows it: with an apostrophe before it where it would be a formula."""
    return f"'{value}" if is_formula(value) else value
