"""Texts that others wrote, made fit to stand in a mail's head, in one line of text, and in a sentence."""

import re
from typing import Final

# Line ends of every kind and other controls would break a header or a line; marks that turn the direction of writing
# can make a name look like another one.
_UNFIT: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
)
_CLAUSE_ENDS: Final = (": ", "; ", ", ")
_SENTENCE_END: Final = re.compile(r"(?<=\w\w)[.!?](?:\s|$)|(?<=[)\"'”])[.!?](?:\s|$)")


def one_line(text: str, limit: int = 500) -> str:
    """Return the text as one line of at most `limit` characters, without controls."""
    line = _UNFIT.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def first_clause(message: str, limit: int = 90) -> str:
    """Return what a message says first, to go on a sentence with: no capital, no full stop, at most `limit` long."""
    clause = one_line(_SENTENCE_END.split(one_line(message), maxsplit=1)[0])
    for end in _CLAUSE_ENDS:
        if len(clause) > limit:
            clause = clause.split(end, maxsplit=1)[0]
    if len(clause) > limit:
        clause = clause[: limit - 1].rsplit(" ", maxsplit=1)[0] + "…"
    is_word = len(clause) > 1 and not clause[1].isupper()
    return clause[:1].lower() + clause[1:] if is_word else clause


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return the number with its noun, such as `1 row` or `1,200 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
