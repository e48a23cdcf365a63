"""The due times of daily and longer rules, as a wall clock shows them; found without walking from the start."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Final

from shared.rules.calendar_days import (
    SEARCHED_YEARS,
    DayPattern,
    day_from,
    days_between,
    month_start,
)
from shared.rules.recurrence_rule import RecurrenceRule, chosen_at

_MOST_TRIES: Final = 500
"""A rule has ended after so many periods in a row with a day that fits but no due time, or beside one that fits."""
SEARCHED_DAYS: Final = SEARCHED_YEARS * 366


@dataclass(frozen=True, slots=True)
class WallTimes:
    """A daily or longer rule with its start; what the rule leaves out is the start's."""

    rule: RecurrenceRule
    start: datetime
    days: DayPattern
    times: tuple[timedelta, ...]
    """Of a day, in order."""
    positions: tuple[int, ...]
    """Which of a period's due times count; empty: all."""

    def after(self, wall: datetime) -> Iterator[datetime]:
        """Return all due times after one (exclusive), in order."""
        first = max(wall, self.start).toordinal()
        number, tried, found_on = self._number_of(first), 0, first
        while tried <= _MOST_TRIES:
            low, high = self.span(number)
            fitting = day_from(self.days, low)
            if fitting is None or fitting - found_on > SEARCHED_DAYS:
                return
            tried += 1
            if fitting >= high:
                number = self._number_of(fitting)
                continue
            for time in self.chosen(days_between(self.days, low, high), first):
                if time > wall and time >= self.start:
                    tried, found_on = 0, low
                    yield time
            number += 1

    def span(self, number: int) -> tuple[int, int]:
        """Return a period's first day and its end; the start is in period 0."""
        unit = self._unit_of(self.start.toordinal()) + number * self.rule.interval
        return self._begin_of(unit), self._begin_of(unit + 1)

    def chosen(self, days: Sequence[int], from_day: int) -> Iterator[datetime]:
        """Return the due times of a period, those on days before one left out.

        A year may have more than 50,000 times: they are not written out, though BYSETPOS counts them all.
        """
        if self.positions:
            for place in chosen_at(self.positions, range(len(days) * len(self.times))):
                day, time = divmod(place, len(self.times))
                yield datetime.fromordinal(days[day]) + self.times[time]
            return
        for day in days[bisect_left(days, from_day) :]:
            for each in self.times:
                yield datetime.fromordinal(day) + each

    def _unit_of(self, day: int) -> int:
        """Return the day, week, month or year that a day is in, as a number."""
        match self.rule.frequency:
            case "DAILY":
                return day
            case "WEEKLY":
                return (day + 6 - self.rule.week_start) // 7
        at = date.fromordinal(day)
        return at.year if self.rule.frequency == "YEARLY" else at.year * 12 + at.month - 1

    def _begin_of(self, unit: int) -> int:
        match self.rule.frequency:
            case "DAILY":
                return unit
            case "WEEKLY":
                return unit * 7 - 6 + self.rule.week_start
        return month_start(unit * 12 if self.rule.frequency == "YEARLY" else unit)

    def _number_of(self, day: int) -> int:
        """Return the number of the period that a day is in, or of the next where it is between the rule's intervals."""
        return -((self._unit_of(self.start.toordinal()) - self._unit_of(day)) // self.rule.interval)


def wall_times(rule: RecurrenceRule, start: datetime) -> WallTimes:
    """Return the due times of a daily or longer rule from a start (naive)."""
    months, month_days, weekdays = rule.months, rule.month_days, rule.weekdays
    match rule.frequency:
        case "WEEKLY":
            weekdays = weekdays or ((0, start.weekday()),)
        case "MONTHLY" if not (month_days or weekdays):
            month_days = (start.day,)
        case "YEARLY" if rule.weeks and not (rule.year_days or month_days or weekdays):
            weekdays = ((0, start.weekday()),)
        case "YEARLY" if not (rule.weeks or rule.year_days or month_days or weekdays):
            months, month_days = months or (start.month,), (start.day,)
    days = DayPattern(
        months, rule.weeks, rule.year_days, month_days, weekdays, rule.week_start, rule.frequency == "MONTHLY"
    )
    times = [
        timedelta(hours=hour, minutes=minute, seconds=second, microseconds=start.microsecond)
        for hour, minute, second in product(
            rule.hours or (start.hour,), rule.minutes or (start.minute,), rule.seconds or (start.second,)
        )
    ]
    positions = rule.positions
    if rule.frequency == "DAILY" and positions:
        times, positions = chosen_at(positions, times), ()
    return WallTimes(rule, start, days, tuple(times), positions)
