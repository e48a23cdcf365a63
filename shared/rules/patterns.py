"""The recurrence patterns that people choose from, and the rules they stand for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.errors import UserError
from shared.rules.recurrence_rule import RecurrenceRule, parse_rule, rule_text

Repeat = Literal["once", "hourly", "daily", "weekdays", "weekly", "monthly", "yearly"]
MonthDay = Literal["day", "last_day", "weekday"]
PLACES: Final = (1, 2, 3, 4, -1)
"""First, second, third, fourth, last."""
WORKDAY: Final = 7
"""Stands for any day from Monday to Friday, where 0 to 6 are Monday to Sunday."""
_WORKDAYS: Final = tuple((0, weekday) for weekday in range(5))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A choice; what its `repeat` and `month_on` do not need is left aside.

    `every` counts hours, days, weeks, months or years. `month_on` says whether a month's day is its `day`, its last
    one, or the `place`-th `weekday`; `month` and `day` are the date of a year.
    """

    repeat: Repeat
    every: int = 1
    weekdays: tuple[int, ...] = ()
    month_on: MonthDay = "day"
    day: int = 1
    month: int = 1
    place: int = 1
    weekday: int = 0


def pattern_rule(pattern: Pattern) -> str | None:
    """Return the rule a pattern stands for, None for once; what makes no sense in it is refused with the rule."""
    every = pattern.every
    match pattern.repeat:
        case "once":
            return None
        case "hourly":
            rule = RecurrenceRule("HOURLY", every)
        case "daily":
            rule = RecurrenceRule("DAILY", every)
        case "weekdays":
            rule = RecurrenceRule("WEEKLY", weekdays=_WORKDAYS)
        case "weekly":
            rule = RecurrenceRule("WEEKLY", every, weekdays=tuple((0, weekday) for weekday in sorted(pattern.weekdays)))
        case "monthly":
            rule = _monthly(pattern)
        case "yearly":
            rule = RecurrenceRule("YEARLY", every, months=(pattern.month,), month_days=(pattern.day,))
    return rule_text(rule)


def rule_pattern(rrule: str | None, start: datetime) -> Pattern | None:
    """Return the pattern that stands for exactly this rule, None where none does."""
    if rrule is None:
        return Pattern("once")
    try:
        rule = parse_rule(rrule)
    except UserError:
        return None
    month = rule.months[0] if rule.months else start.month
    days = rule.month_days or (start.day,)
    place, weekday = rule.weekdays[0] if rule.weekdays else (1, start.weekday())
    kind = WORKDAY if rule.weekdays == _WORKDAYS else weekday
    named = tuple(day for _, day in rule.weekdays) or (start.weekday(),)
    place = rule.positions[0] if rule.positions else place or 1
    candidates = (
        Pattern("hourly", rule.interval),
        Pattern("daily", rule.interval),
        Pattern("weekdays"),
        Pattern("weekly", rule.interval, named),
        Pattern("monthly", rule.interval, month_on="last_day"),
        Pattern("monthly", rule.interval, day=days[0]),
        Pattern("monthly", rule.interval, month_on="weekday", place=place, weekday=kind),
        Pattern("yearly", rule.interval, day=days[0], month=month),
    )
    wanted = rule_text(_completed(rule, start))
    return next((each for each in candidates if pattern_rule(each) == wanted), None)


def _monthly(pattern: Pattern) -> RecurrenceRule:
    if pattern.month_on == "last_day":
        return RecurrenceRule("MONTHLY", pattern.every, month_days=(-1,))
    if pattern.month_on == "day":
        return RecurrenceRule("MONTHLY", pattern.every, month_days=(pattern.day,))
    if pattern.weekday == WORKDAY:
        return RecurrenceRule("MONTHLY", pattern.every, weekdays=_WORKDAYS, positions=(pattern.place,))
    return RecurrenceRule("MONTHLY", pattern.every, weekdays=((pattern.place, pattern.weekday),))


def _completed(rule: RecurrenceRule, start: datetime) -> RecurrenceRule:
    """Return the rule with the day that it takes from its start, written as a pattern writes it."""
    plain = RecurrenceRule(rule.frequency, rule.interval)
    if rule != plain:
        if rule.frequency == "DAILY" and rule == RecurrenceRule("DAILY", weekdays=_WORKDAYS):
            return RecurrenceRule("WEEKLY", weekdays=_WORKDAYS)
        return rule
    match rule.frequency:
        case "WEEKLY":
            return RecurrenceRule("WEEKLY", rule.interval, weekdays=((0, start.weekday()),))
        case "MONTHLY":
            return RecurrenceRule("MONTHLY", rule.interval, month_days=(start.day,))
        case "YEARLY":
            return RecurrenceRule("YEARLY", rule.interval, months=(start.month,), month_days=(start.day,))
    return rule
