"""The kinds of fields, and what each refuses. A value is stored as it came, never in another notation."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from shared.errors import UserError


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    PASSWORD = "password"  # noqa: S105 - the name of a kind, not a secret


@dataclass(frozen=True, slots=True)
class Notation:
    """How an import's files write values: ISO 3166 region of national phone numbers, strptime's format."""

    phone_region: str | None = None
    decimal_separator: str = "."
    date_format: str = "%Y-%m-%d"


# The usual address, a subset of what email-validator takes: about fifty times faster than asking it.
_USUAL_EMAIL: Final = re.compile(
    r"(?=[^@]{1,64}@)(?=.{3,254}\Z)(?!.*--)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
# Names such as .local and .test are refused by email-validator although their syntax is right.
_SPECIAL_USE: Final = frozenset(SPECIAL_USE_DOMAIN_NAMES)

# Digits of any script with the signs that people put between them, and an extension.
_PHONE: Final = re.compile(
    r"[+\uff0b]?[\d\s()\[\]./~*\u00ad\u2010-\u2015\u2212\u30fc\uff0d-\uff0f\u200b\u2060\uff08\uff09\uff3b\uff3d-]*\d[\s)\uff09]*"
    r"(?:[;,]?\s*(?:ext=|e?xt(?:ension|n)?\.?|extensi[óo]n|x|#|int|anexo|доб)[\s:.]*\d{1,15}#?)?",
    re.IGNORECASE,
)
_CALENDAR_DAY: Final = re.compile(
    r"(?:0?[1-9]|[12][0-9]|3[01])([./-])(?:0?[1-9]|[12][0-9]|3[01])\1(?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}([./-])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12][0-9]|3[01])"
)
_LONGEST: Final = 320
"""Characters of the longest address; nor is a phone number or a date longer. Patterns would take hours for more."""
_SPACES: Final = re.compile(r"\s")
_LOCALES_OWN: Final = re.compile(r"%[cxX]")
_WITHOUT_SIGNS: Final = re.compile(r"(?!.*%[aAbBcpxXzZjf]).*%[YymdHMS]%[YymdHMS]", re.DOTALL)
_LONG_DAY: Final = datetime(2000, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a date without a zone
_HAS_YEAR: Final = re.compile(r"%[YyGcxD]")


def validate_notation(notation: Notation) -> None:
    """Refuse a notation in which nothing can be read.

    Raises UserError `phone_region_unknown`, `decimal_separator_invalid` or `date_format_invalid`.
    """
    region = notation.phone_region
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        message = f'"{region[:20]}" is not a phone region; use two capital letters, such as DE or US'
        raise UserError("phone_region_unknown", message, field="options.phone_region")
    if notation.decimal_separator not in {".", ","}:
        message = "The decimal separator has to be a full stop or a comma"
        raise UserError("decimal_separator_invalid", message, field="options.decimal_separator")
    try:
        sample = datetime(2000, 2, 29).strftime(notation.date_format)  # noqa: DTZ001 - a date without a zone
        readable = _is_date(sample, notation.date_format)
    except (ValueError, re.error):  # strptime makes a pattern of the format, and the same sign twice is none
        readable = False
    if not readable or "%" not in notation.date_format:
        message = "The date format has to be made of signs such as %Y, %m and %d: %Y-%m-%d reads 2026-12-31"
        raise UserError("date_format_invalid", message, field="options.date_format")


def check(kind: Kind, value: str, notation: Notation) -> str | None:
    """Return None where a field of this kind takes the value, else the code of the problem.

    The empty value is never refused; text and passwords refuse nothing.
    """
    if not value:
        return None
    is_short = len(value) <= _LONGEST
    match kind:
        case Kind.EMAIL:
            return None if is_short and _is_email(value) else "email_invalid"
        case Kind.PHONE:
            return None if is_short and _is_phone(value, notation.phone_region) else "phone_invalid"
        case Kind.NUMBER:
            return None if _number_pattern(notation.decimal_separator).fullmatch(value) else "number_invalid"
        case Kind.DATE:
            return None if is_short and _is_date(value, notation.date_format) else "date_invalid"
        case _:
            return None


@lru_cache(maxsize=4096)  # a refused value is asked about again for its row
def _is_email(value: str) -> bool:
    local, _, domain = value.rpartition("@")
    stem, _, top = domain.rpartition(".")
    if stem and top.lower() in _SPECIAL_USE:
        value = f"{local}@{stem}.example"
    if _USUAL_EMAIL.fullmatch(value):
        return True
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


@lru_cache(maxsize=4096)
def _is_phone(value: str, region: str | None) -> bool:
    # What is asked below takes a number out of a text, and letters for the digits on the same keys.
    if not _PHONE.fullmatch(value) or _CALENDAR_DAY.fullmatch(value):
        return False
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(number))


@lru_cache(maxsize=8)
def _number_pattern(separator: str) -> re.Pattern[str]:
    # The decimal of XML Schema: no thousands, no exponent.
    dot = re.escape(separator)
    return re.compile(rf"[+-]?(?:[0-9]+(?:{dot}[0-9]*)?|{dot}[0-9]+)")


@lru_cache(maxsize=16384)  # dates repeat, and strptime is slow
def _is_date(value: str, date_format: str) -> bool:
    if any(character.isdigit() and not character.isascii() for character in value):
        return False  # strptime takes the digits of any script
    if not _LOCALES_OWN.search(date_format) and _SPACES.findall(date_format) != _SPACES.findall(value):
        return False  # strptime takes a blank for the first digit of a day, and any blanks for any others
    if _WITHOUT_SIGNS.search(date_format) and len(value) != len(_LONG_DAY.strftime(date_format)):
        return False  # strptime takes 2024115 for one of two days
    if not _HAS_YEAR.search(date_format):
        value, date_format = f"2000 {value}", f"%Y {date_format}"  # a leap year, for 29 February
    try:
        datetime.strptime(value, date_format)  # noqa: DTZ007 - a date without a zone
    except ValueError:
        return False
    return True
