"""The schedule's part of the import's form: a pattern or a rule, its range, and what goes with it."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final, cast, get_args

from services.web.forms.import_input import ScheduleInput
from shared.rules.patterns import MonthDay, Pattern, Repeat, pattern_rule, rule_pattern
from shared.rules.recurrence_rule import WEEKDAYS
from shared.rules.schedule_policy import NO_POLICY

_END_OF_DAY: Final = time(23, 59, 59)
_UNITS: Final = {"hourly": "hours", "daily": "days", "weekly": "weeks", "monthly": "months", "yearly": "years"}
_EMPTY: Final = {
    "repeat": "none",
    "end": "never",
    "time_zone": "UTC",
    "month_on": "day",
    "month_day": "1",
    "month_place": "1",
    "month_weekday": "0",
    "year_month": "1",
    "year_day": "1",
    "spread_minutes": str(NO_POLICY.spread_minutes),
    "retries": str(NO_POLICY.retries),
    **{f"every_{unit}": "1" for unit in _UNITS.values()},
}


def schedule_values(schedule: ScheduleInput | None) -> dict[str, str]:
    """Return what stands in the form for a schedule; a rule that is no pattern stands there as it is."""
    values = dict(_EMPTY)
    if schedule is None:
        return values
    pattern = rule_pattern(schedule.rrule, schedule.start)
    values |= _pattern_values(pattern) if pattern else {"repeat": "rule", "rule": schedule.rrule or ""}
    values |= {"start": _shown(schedule.start), "time_zone": schedule.time_zone}
    if schedule.until is not None:
        whole_day = schedule.until.time() == _END_OF_DAY
        values |= {"end": "until", "until": schedule.until.date().isoformat() if whole_day else _shown(schedule.until)}
    elif schedule.count is not None:
        values |= {"end": "count", "count": str(schedule.count)}
    for name in ("spread_minutes", "retry_minutes", "retries", "pause_after_failures"):
        number = getattr(schedule, name)
        values[name] = "" if number is None else str(number)
    return values | {"file_by": _shown(schedule.file_by) if schedule.file_by else ""}


def _shown(value: datetime | time) -> str:
    """Return a time as an input field holds it: with seconds where it has some, so that they are kept."""
    if value.microsecond:
        return value.isoformat(timespec="milliseconds")
    return value.isoformat(timespec="seconds" if value.second else "minutes")


def schedule_document(values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the API's schedule, None for no schedule; what makes no sense is left for the checks to refuse."""
    repeat = values.get("repeat", "none")
    if repeat not in {*get_args(Repeat), "rule"}:
        return None
    rule = values.get("rule", "") if repeat == "rule" else pattern_rule(_pattern(values))
    end = "never" if rule is None else values.get("end")
    return {
        "start": values.get("start", ""),
        "time_zone": values.get("time_zone", ""),
        "rrule": rule,
        "until": values.get("until", "") if end == "until" else None,
        "count": values.get("count", "") if end == "count" else None,
        "spread_minutes": values.get("spread_minutes") or str(NO_POLICY.spread_minutes),
        "retry_minutes": values.get("retry_minutes") or None,
        "retries": values.get("retries") or str(NO_POLICY.retries),
        "pause_after_failures": values.get("pause_after_failures") or None,
        "file_by": values.get("file_by") or None,
    }


def _pattern_values(pattern: Pattern) -> dict[str, str]:
    values = {"repeat": str(pattern.repeat)}
    if unit := _UNITS.get(pattern.repeat):
        values[f"every_{unit}"] = str(pattern.every)
    if pattern.repeat == "monthly":
        values |= {"month_on": pattern.month_on, "month_day": str(pattern.day)}
        values |= {"month_place": str(pattern.place), "month_weekday": str(pattern.weekday)}
    if pattern.repeat == "yearly":
        values |= {"year_month": str(pattern.month), "year_day": str(pattern.day)}
    return values | {f"on_{WEEKDAYS[weekday]}": "on" for weekday in pattern.weekdays}


def _pattern(values: Mapping[str, str]) -> Pattern:
    def number(name: str) -> int:
        """Return a number; 0, which no rule takes, for what is none."""
        text = values.get(name) or _EMPTY.get(name, "")
        return int(text) if text.removeprefix("-").isdecimal() and len(text) < 8 else 0  # noqa: PLR2004 - enough

    repeat = cast("Repeat", values["repeat"])
    month_on = values.get("month_on", "day")
    return Pattern(
        repeat,
        number(f"every_{_UNITS[repeat]}") if repeat in _UNITS else 1,
        weekdays=tuple(number for number, day in enumerate(WEEKDAYS) if values.get(f"on_{day}") == "on"),
        month_on=cast("MonthDay", month_on if month_on in get_args(MonthDay) else "day"),
        day=number("year_day" if repeat == "yearly" else "month_day"),
        month=number("year_month"),
        place=number("month_place"),
        weekday=number("month_weekday") % 8,
    )
