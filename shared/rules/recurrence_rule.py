"""Recurrence rules as calendars write them (RFC 5545, RRULE), read strictly.

Kept out are parts that the RFC forbids together, FREQ=SECONDLY, leap seconds, and calendars other than the Gregorian.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time
from typing import Final, Literal, NoReturn, TypeVar, cast

from shared.errors import UserError

Chosen = TypeVar("Chosen")
Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_TEXT: Final = 1_000
LARGEST_INTERVAL: Final = 9_999_999
_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
_SUB_DAILY: Final = ("HOURLY", "MINUTELY")
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_DATE: Final = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A rule's parts; an empty tuple where one is absent.

    `until` is aware where the rule gave it in UTC, else wall-clock time. A weekday is its ordinal in the month or year,
    0 for each, and its number from Monday, 0.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()

    @property
    def sub_daily(self) -> bool:
        """Tell whether its interval is elapsed time."""
        return self.frequency in _SUB_DAILY


def parse_rule(text: str) -> RecurrenceRule:
    """Return the rule that a text is, with or without `RRULE:` before it; UserError `rrule_invalid` says what is wrong.

    UserError `rrule_too_often` for FREQ=SECONDLY.
    """
    bare = text.strip().upper().removeprefix("RRULE:").removesuffix(";")
    if "DTSTART" in bare or len(bare.split()) > 1:
        _refuse(
            "Give the one line of the rule alone, such as FREQ=WEEKLY;BYDAY=MO; start and time zone stand beside it"
        )
    if len(bare) > LONGEST_TEXT:
        _refuse(f"The rule is longer than {LONGEST_TEXT} characters")
    given: dict[str, str] = {}
    for part in bare.split(";"):
        name, is_part, value = part.partition("=")
        if is_part and name not in _READERS:
            _refuse(f"{name[:40]} is not a part of a recurrence rule that can be followed")
        if not is_part or not value:
            _refuse(f'"{text[:80]}" is not a recurrence rule, such as FREQ=WEEKLY;BYDAY=MO,FR')
        if name in given:
            _refuse(f"{name} stands twice in the rule")
        given[name] = value
    if "FREQ" not in given:
        _refuse("The rule has no FREQ, such as FREQ=DAILY")
    rule = RecurrenceRule(**{_READERS[name][0]: _read(name, value) for name, value in given.items()})  # type: ignore[arg-type]
    _check_together(rule)
    return rule


def rule_text(rule: RecurrenceRule) -> str:
    """Return the rule as text, in the order in which calendars write it; parts that say the default are left out."""
    parts = [f"FREQ={rule.frequency}"]
    for name, (attribute, _) in _READERS.items():
        value = getattr(rule, attribute)
        if name == "FREQ" or value == _DEFAULTS[attribute]:
            continue
        parts.append(f"{name}={_written(name, value)}")
    return ";".join(parts)


def chosen_at(positions: Sequence[int], every: Sequence[Chosen]) -> list[Chosen]:
    """Return what stands at BYSETPOS's positions: from 1, or from the end where negative."""
    places = {number - 1 if number > 0 else len(every) + number for number in positions}
    return [every[place] for place in sorted(places) if 0 <= place < len(every)]


def _written(name: str, value: object) -> str:
    if name == "WKST":
        return WEEKDAYS[cast("int", value)]
    if isinstance(value, datetime):
        return f"{value:%Y%m%dT%H%M%S}" + ("Z" if value.tzinfo else "")
    if name == "BYDAY":
        pairs = cast("tuple[tuple[int, int], ...]", value)
        return ",".join(f"{ordinal or ''}{WEEKDAYS[weekday]}" for ordinal, weekday in pairs)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _read(name: str, value: str) -> object:
    try:
        return _READERS[name][1](value)
    except (ValueError, OverflowError):
        _refuse(f"{name}={value[:40]} is not possible")


def _frequency(value: str) -> str:
    if value == "SECONDLY":
        message = "Runs can't be due by the second: the shortest interval is 5 minutes, FREQ=MINUTELY;INTERVAL=5"
        raise UserError("rrule_too_often", message, field="schedule.rrule")
    return _FREQUENCIES[_FREQUENCIES.index(value)]


def _one(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not _NUMBER.fullmatch(value) or not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return read


def _many(low: int, high: int, *, signed: bool = False) -> Callable[[str], tuple[int, ...]]:
    """Return a reader of numbers with commas between them; `signed` ones may count from the end, and are never 0."""
    one = _one(-high if signed else low, high)

    def read(value: str) -> tuple[int, ...]:
        numbers = {one(number) for number in value.split(",")}
        if signed and 0 in numbers:
            raise ValueError(value)
        return tuple(sorted(numbers))

    return read


def _weekday_list(value: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for day in value.split(","):
        match = _WEEKDAY.fullmatch(day)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):  # noqa: PLR2004 - weeks of a year
            raise ValueError(day)
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return tuple(sorted(found))


def _until(value: str) -> datetime:
    """Return the end: a day without a time ends with its last moment."""
    if not _DATE.fullmatch(value):
        raise ValueError(value)
    if "T" not in value:
        return datetime.combine(datetime.strptime(value, "%Y%m%d"), time(23, 59, 59))  # noqa: DTZ007 - wall clock
    end = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - likewise
    return end.replace(tzinfo=UTC) if value.endswith("Z") else end


_READERS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "FREQ": ("frequency", _frequency),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _one(1, LARGEST_INTERVAL)),
    "INTERVAL": ("interval", _one(1, LARGEST_INTERVAL)),
    "BYMONTH": ("months", _many(1, 12)),
    "BYWEEKNO": ("weeks", _many(1, 53, signed=True)),
    "BYYEARDAY": ("year_days", _many(1, 366, signed=True)),
    "BYMONTHDAY": ("month_days", _many(1, 31, signed=True)),
    "BYDAY": ("weekdays", _weekday_list),
    "BYHOUR": ("hours", _many(0, 23)),
    "BYMINUTE": ("minutes", _many(0, 59)),
    "BYSECOND": ("seconds", _many(0, 59)),
    "BYSETPOS": ("positions", _many(1, 366, signed=True)),
    "WKST": ("week_start", WEEKDAYS.index),
}
_DEFAULTS: Final = {part.name: part.default for part in fields(RecurrenceRule)}


def _check_together(rule: RecurrenceRule) -> None:
    """Refuse parts that the RFC forbids together, because programs read them differently."""
    if rule.count is not None and rule.until is not None:
        _refuse("A rule ends by COUNT or by UNTIL, not by both")
    if rule.weeks and rule.frequency != "YEARLY":
        _refuse("BYWEEKNO goes with FREQ=YEARLY only")
    if rule.year_days and rule.frequency in {"DAILY", "WEEKLY", "MONTHLY"}:
        _refuse(f"BYYEARDAY does not go with FREQ={rule.frequency}")
    if rule.month_days and rule.frequency == "WEEKLY":
        _refuse("BYMONTHDAY does not go with FREQ=WEEKLY")
    if any(ordinal for ordinal, _ in rule.weekdays):
        if rule.frequency not in {"YEARLY", "MONTHLY"} or rule.weeks:
            _refuse("A weekday with a number goes with FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO")
        in_month = rule.frequency == "MONTHLY" or rule.months
        if in_month and any(abs(ordinal) > 5 for ordinal, _ in rule.weekdays):  # noqa: PLR2004 - weeks of a month
            _refuse("A month has at most five of each weekday")
    if rule.positions and not any(
        (
            rule.months,
            rule.weeks,
            rule.year_days,
            rule.month_days,
            rule.weekdays,
            rule.hours,
            rule.minutes,
            rule.seconds,
        )
    ):
        _refuse("BYSETPOS needs another BY… part to choose from")


def _refuse(message: str) -> NoReturn:
    raise UserError("rrule_invalid", message, field="schedule.rrule")
