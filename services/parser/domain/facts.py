"""What the sample tells of each column: how filled, how distinct, which kinds take its values, which date formats."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.events.previews import HIDDEN
from shared.rules.kinds import Kind, Notation, check

DATE_FORMATS: Final = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M"),
    *("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"),
)
"""The usual ones; each is tried on every value."""
_SEPARATORS: Final = (".", ",")
_SAMPLES: Final = 5
_LONGEST_DATE: Final = 100
_LONGEST_SAMPLE: Final = 80
_SIGNS: Final = {"%Y": r"\d{4}", "%b": "[A-Za-z]+", "%B": "[A-Za-z]+"}
_SHAPES: Final = {
    known: re.compile(re.sub("%[A-Za-z]", lambda sign: _SIGNS.get(sign[0], r"\d{1,2}"), re.escape(known)))
    for known in DATE_FORMATS
}
"""What a format does not read has not its shape; that is far quicker to see."""
_LOOKS_LIKE_PHONE: Final = re.compile(r"[+(]?\d[\d\s()/.-]{4,}\d")
_PHONE_DIGITS: Final = range(6, 16)


@dataclass(frozen=True)
class ColumnFacts:
    """A column's facts; shares are from 0 to 1."""

    samples: list[str]
    filled: float
    distinct: float
    kinds: list[Kind]
    shares: dict[Kind, float]
    date_formats: list[str]
    decimal_separators: list[str]


def facts_of(values: Sequence[str], notation: Notation, *, date_format: str | None, is_password: bool) -> ColumnFacts:
    """Return what the values of a column tell, one for each row, trimmed as they will be."""
    filled = [value for value in values if value]
    share = len(filled) / len(values) if values else 0.0
    if is_password:
        return ColumnFacts([HIDDEN] * bool(filled), _rounded(share), 0.0, [Kind.PASSWORD], {}, [], [])
    distinct = list(dict.fromkeys(filled))
    formats = [known for known in _formats(distinct, date_format) if _all_dates(distinct, known)]
    numbers = _number_shares(distinct)
    emails = _share(distinct, lambda value: "@" in value and check(Kind.EMAIL, value, notation) is None)
    shares = {
        Kind.EMAIL: emails,
        Kind.PHONE: _share(distinct, lambda value: _is_phone_like(value, notation)),
        Kind.NUMBER: max(numbers.values()),
        Kind.DATE: 1.0 if formats else _share(distinct, lambda value: _is_date_like(value, date_format)),
    }
    fitting = [Kind.EMAIL] if emails == 1 else []
    fitting += [kind for kind in (Kind.PHONE, Kind.NUMBER) if _takes_all(kind, distinct, notation)]
    return ColumnFacts(
        samples=[_shortened(value) for value in distinct[:_SAMPLES]],
        filled=_rounded(share),
        distinct=_rounded(len(distinct) / len(filled)) if filled else 0.0,
        kinds=[Kind.TEXT, *fitting, *([Kind.DATE] if formats else [])],
        shares={kind: _rounded(part) for kind, part in shares.items() if part},
        date_formats=formats,
        decimal_separators=[separator for separator, part in numbers.items() if part == 1],
    )


def _number_shares(values: list[str]) -> dict[str, float]:
    """Return which part of the values are numbers with each decimal separator."""
    notations = {separator: Notation(decimal_separator=separator) for separator in _SEPARATORS}
    return {
        separator: sum(check(Kind.NUMBER, value, notation) is None for value in values) / max(1, len(values))
        for separator, notation in notations.items()
    }


def _takes_all(kind: Kind, values: list[str], notation: Notation) -> bool:
    return bool(values) and all(check(kind, value, notation) is None for value in values)


def _share(values: list[str], is_one: Callable[[str], bool]) -> float:
    return sum(map(is_one, values)) / len(values) if values else 0.0


def _is_phone_like(value: str, notation: Notation) -> bool:
    if not _LOOKS_LIKE_PHONE.fullmatch(value) or _is_date_like(value, None):
        return False
    digits = sum(sign.isdigit() for sign in value)
    if digits not in _PHONE_DIGITS:
        return False
    written = value[0] in "+(0" or any(sign in value for sign in " -/()")
    return written and (not value.startswith("+") or check(Kind.PHONE, value, notation) is None)


def _is_date_like(value: str, date_format: str | None) -> bool:
    return len(value) <= _LONGEST_DATE and _has_a_format(value, date_format)


@lru_cache(maxsize=4096)
def _has_a_format(value: str, date_format: str | None) -> bool:
    formats = _formats([value], date_format)
    return any(check(Kind.DATE, value, Notation(date_format=known)) is None for known in formats)


def _formats(values: list[str], date_format: str | None) -> Sequence[str]:
    """Return the formats worth a try."""
    if date_format:
        return [date_format]
    return [known for known, shape in _SHAPES.items() if all(map(shape.fullmatch, values))]


def _all_dates(values: list[str], date_format: str) -> bool:
    return _takes_all(Kind.DATE, values, Notation(date_format=date_format))


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_SAMPLE else f"{value[:_LONGEST_SAMPLE]}…"


def _rounded(share: float) -> float:
    """Return a share of three digits; only all of them are 1: one empty or doubled id in a thousand counts."""
    return min(round(share, 3), 0.999) if share < 1 else 1.0
