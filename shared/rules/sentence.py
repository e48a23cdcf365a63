"""A schedule as an English sentence."""

from datetime import datetime
from typing import Final

from shared.rules.recurrence import Schedule
from shared.rules.recurrence_rule import RecurrenceRule, parse_rule

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS: Final = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
}
_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second to last"}
_EACH: Final = tuple((0, weekday) for weekday in range(7))
_WORKDAYS, _WEEKEND = _EACH[:5], _EACH[5:]
_TEENS: Final = range(11, 14)


def describe(schedule: Schedule) -> str:
    """Return the schedule as a sentence: pattern, time of day and zone, range."""
    start = _date(schedule.start)
    if schedule.rrule is None:
        return f"Once, on {start} at {_clock(schedule.start)} ({schedule.time_zone})."
    rule = parse_rule(schedule.rrule)
    words = _pattern(rule, schedule.start) + _times(rule, schedule.start) + _chosen(rule)
    if rule.sub_daily:
        start += f" at {_clock(schedule.start)}"
    return f"{words} ({schedule.time_zone}), from {start}{_end(schedule, rule)}."


def _pattern(rule: RecurrenceRule, start: datetime) -> str:
    unit = _UNITS[rule.frequency]
    every = f"Every {unit}" if rule.interval == 1 else f"Every {rule.interval:,} {unit}s"
    if rule.frequency == "DAILY" or (rule.frequency == "WEEKLY" and rule.interval == 1):
        plain = rule.weekdays == _WORKDAYS and rule.interval == 1 and not (rule.month_days or rule.positions)
        if plain:
            return "Every weekday, Monday to Friday," + _in_months(rule) if rule.months else "Every weekday"
    return every + _days(rule, start)


def _days(rule: RecurrenceRule, start: datetime) -> str:
    """Return the words for the days a rule names, or takes from its start."""
    weekdays, month_days = rule.weekdays, rule.month_days
    named = weekdays or month_days or rule.weeks or rule.year_days
    of_a_week = rule.frequency == "WEEKLY" or (rule.weeks and not (month_days or rule.year_days))
    if of_a_week and not weekdays:
        weekdays = ((0, start.weekday()),)
    if rule.frequency in {"MONTHLY", "YEARLY"} and not named:
        month_days = (start.day,)
        if rule.frequency == "YEARLY" and not rule.months:
            return f" on {start.day} {MONTHS[start.month - 1]}"
    if rule.frequency == "YEARLY" and len(rule.months) == 1 and len(month_days) == 1 and month_days[0] > 0:
        dated = f" on {month_days[0]} {MONTHS[rule.months[0] - 1]}"
        return dated + (f" if it is {_weekday_words(weekdays, 'or')}" if weekdays else "")
    words = ""
    if rule.weeks:
        words += f" in {_counted(rule.weeks, 'week')}"
    if rule.year_days:
        words += f" on {_counted(rule.year_days, 'day')} of the year"
    if month_days:
        words += f" {_on(rule)} {_counted(month_days, 'day')}{_of_month(rule)}"
        words += f" if it is {_weekday_words(weekdays, 'or')}" if weekdays else ""
    elif _chosen_by_kind(rule):
        return f"{words} on {_chosen_kind(rule)}{_in_months(rule)}"
    elif weekdays:
        each = rule.frequency in {"MONTHLY", "YEARLY"} and not rule.weeks
        joint = "or" if rule.frequency == "DAILY" else "and"
        from_to = weekdays == _WORKDAYS and rule.frequency != "DAILY"
        words += f" {'from' if from_to else _on(rule)} {_weekday_words(weekdays, joint, each=each)}"
    return words + _in_months(rule)


def _on(rule: RecurrenceRule) -> str:
    """Return the word before days: those that a daily rule names only limit it."""
    return "if it is" if rule.frequency == "DAILY" else "on"


def _of_month(rule: RecurrenceRule) -> str:
    if rule.frequency == "YEARLY":
        return "" if rule.months else " of each month"
    return "" if rule.frequency == "MONTHLY" else " of the month"


def _chosen_by_kind(rule: RecurrenceRule) -> bool:
    """Tell whether BYSETPOS chooses among named weekdays alone."""
    times = max(len(rule.hours), len(rule.minutes), len(rule.seconds))
    by_day = rule.frequency in {"WEEKLY", "MONTHLY", "YEARLY"} and times <= 1
    return bool(rule.positions and rule.weekdays and not rule.month_days and by_day)


def _chosen_kind(rule: RecurrenceRule) -> str:
    """Return the words for the weekdays that BYSETPOS chooses: of a week or a year, not of each of its months."""
    chosen = f"{_places(rule)} {_kind(rule.weekdays)}"
    if rule.months and rule.frequency == "WEEKLY":
        return f"the week's {chosen}"
    return f"the {chosen}" + (" of all" if len(rule.months) > 1 and rule.frequency == "YEARLY" else "")


def _kind(weekdays: tuple[tuple[int, int], ...]) -> str:
    if weekdays == _EACH:
        return "day"
    if weekdays == _WORKDAYS:
        return "weekday"
    if weekdays == _WEEKEND:
        return "weekend day"
    return f"of {_weekday_words(weekdays)}" if any(place for place, _ in weekdays) else _weekday_words(weekdays, "or")


def _weekday_words(weekdays: tuple[tuple[int, int], ...], joint: str = "and", *, each: bool = False) -> str:
    """Return the weekdays; `each` is said of those without a number where one alone could be meant."""
    if weekdays == _WORKDAYS:
        return "Monday to Friday"
    plain = "each " if each else ""
    return _list(
        [f"the {_ordinal(place)} {DAY_NAMES[day]}" if place else plain + DAY_NAMES[day] for place, day in weekdays],
        joint,
    )


def _counted(numbers: tuple[int, ...], unit: str) -> str:
    plain = [str(number) for number in numbers if number > 0]
    words = [f"{unit} {_list(plain)}"] if plain else []
    return _list([*words, *(f"the {_ordinal(number)} {unit}" for number in reversed(numbers) if number < 0)])


def _in_months(rule: RecurrenceRule) -> str:
    return f" in {_list([MONTHS[month - 1] for month in rule.months])}" if rule.months else ""


def _chosen(rule: RecurrenceRule) -> str:
    """Return the words for BYSETPOS, where it does not stand before a kind of day."""
    if not rule.positions or _chosen_by_kind(rule):
        return ""
    return f", only the {_places(rule)} of these"


def _places(rule: RecurrenceRule) -> str:
    """Return the words for BYSETPOS's positions, those counted from the end last."""
    return _list([_ordinal(place) for place in sorted(rule.positions, key=lambda place: (place < 0, place))])


def _times(rule: RecurrenceRule, start: datetime) -> str:
    """Return the words for the time of day; of hourly and shorter rules, for what limits it."""
    if not rule.sub_daily:
        times = [
            _clock(start.replace(hour=hour, minute=minute, second=second))
            for hour in rule.hours or (start.hour,)
            for minute in rule.minutes or (start.minute,)
            for second in rule.seconds or (start.second,)
        ]
        return f" at {_list(times)}"
    words = f" at minute {_list([str(minute) for minute in rule.minutes])} of the hour" if rule.minutes else ""
    if rule.seconds:
        words += f" at second {_list([str(second) for second in rule.seconds])} of the minute"
    words += f" within the hours {_hours(rule.hours)}" if rule.hours else ""
    return words


def _hours(hours: tuple[int, ...]) -> str:
    """Return the hours as spans of the clock."""
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return _list([f"{low:02}:00 to {high:02}:00" for low, high in spans])


def _end(schedule: Schedule, rule: RecurrenceRule) -> str:
    until, count = schedule.until or rule.until, schedule.count or rule.count
    if until is not None:
        return f", until {_date(until)} at {_clock(until)}" + (" UTC" if until.tzinfo else "")
    if count is not None:
        return ", once" if count == 1 else f", {count} times"
    return ""


def _ordinal(number: int) -> str:
    if number in _ORDINALS:
        return _ORDINALS[number]
    size = abs(number)
    ending = "th" if size % 100 in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    return f"{size}{ending}" + ("" if number > 0 else " to last")


def _list(words: list[str], joint: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _date(time: datetime) -> str:
    return f"{time.day} {MONTHS[time.month - 1]} {time.year}"


def _clock(time: datetime) -> str:
    return f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"
