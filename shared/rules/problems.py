"""What can be wrong with a row, in words for people."""

from typing import Final

_MESSAGES: Final = {
    "id_missing": "The row has no unique id{where}: fill it in.",
    "id_too_long": "The unique id{where} is longer than 2,000 bytes: is it the right column?",
    "too_few_cells": "The row has fewer cells than the file has columns: is a delimiter or a quote missing?",
    "too_many_cells": (
        "The row has more filled cells than the file has columns: cells that hold the delimiter need quotes."
    ),
    "undecodable": "There are bytes{where} that are not in the file's encoding: choose another or mend them.",
    "nul_character": "There is a null character (U+0000){where}, which can't be kept: take it out.",
    "row_too_large": "The row is larger than 512 KiB: shorten its longest cell, or leave that column out.",
    "email_invalid": "The value{where} is not an e-mail address.",
    "phone_invalid": ("The value{where} can't be read as a phone number: add the country code, as in +49 30 1234567."),
    "number_invalid": "The value{where} is not a plain decimal number, such as 12 or -3.5.",
    "date_invalid": "The value{where} is not a date in the format set for the import.",
    "column_kept": "A mapped column is not in the file{where}: the stored values of its field were kept.",
    "value_kept": "The stored value was kept.",
    "duplicate_id": "The same unique id stands {again} in the file: the last good row was taken.",
    "edit_kept": "The contact was changed since the run{where}, so what it holds now was kept.",
    "deletes_held_back": (
        "No contact was deleted in this run, because a row's unique id could not be read: mend that row."
    ),
}

PROBLEM_CODES: Final = frozenset(_MESSAGES)


def describe_problem(code: str, column: str | None = None, *, other_line: int | None = None) -> str:
    """Return the sentence for a problem, naming the column, and for `duplicate_id` the line that was taken.

    Raises KeyError for a code that is none.
    """
    where = "" if column is None else f' in the column "{column}"'
    again = "more than once" if other_line is None else f"again on line {other_line}"
    return _MESSAGES[code].format(where=where, again=again)
