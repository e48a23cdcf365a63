"""The due times of daily and longer rules, as a wall clock shows them; found without walking from the start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count, product
from typing import Final

from shared.rules.calendar_days import LAST_DAY, DayPattern, day_from, days_between, month_start, weekday_of
from shared.rules.recurrence_rule import RecurrenceRule, chosen_at

_EMPTY_PERIODS: Final = 1_000
"""After so many periods in a row without a due time the rule counts as finished."""


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
        empty = 0
        for days in self._periods(max(wall, self.start).toordinal()):
            chosen = self._chosen(days)
            empty = 0 if chosen else empty + 1
            if empty > _EMPTY_PERIODS:
                return
            for time in chosen:
                if time > wall and time >= self.start:
                    yield time

    def _periods(self, from_day: int) -> Iterator[list[int]]:
        """Return the days of each period, from the one that a day is in."""
        if self.rule.frequency == "DAILY":
            return self._single_days(from_day)
        return (days_between(self.days, low, high) for low, high in self._spans(from_day))

    def _single_days(self, from_day: int) -> Iterator[list[int]]:
        interval, start = self.rule.interval, self.start.toordinal()
        day = start + -(-(from_day - start) // interval) * interval
        tried = 0
        while (fitting := day_from(self.days, day)) is not None and tried <= _EMPTY_PERIODS:
            if fitting == day:
                yield [day]
                day, tried = day + interval, 0
            else:
                day, tried = start + -(-(fitting - start) // interval) * interval, tried + 1

    def _spans(self, from_day: int) -> Iterator[tuple[int, int]]:
        """Return first day and end of the rule's years, months or weeks, those between its intervals left out."""
        interval = self.rule.interval
        if self.rule.frequency == "WEEKLY":
            start = self.start.toordinal()
            first = start - (weekday_of(start) - self.rule.week_start) % 7
            for number in count((from_day - first) // (7 * interval)):
                low = first + 7 * interval * number
                if low > LAST_DAY:
                    return
                yield low, low + 7
        width = 12 if self.rule.frequency == "YEARLY" else 1
        at = date.fromordinal(from_day)
        first, now = (self._month(each) // width * width for each in (self.start, at))
        for number in count((now - first) // (width * interval)):
            month = first + width * interval * number
            if month_start(month) > LAST_DAY:
                return
            yield month_start(month), month_start(month + width)

    @staticmethod
    def _month(day: date) -> int:
        return day.year * 12 + day.month - 1

    def _chosen(self, days: Sequence[int]) -> list[datetime]:
        walls = [datetime.fromordinal(day) + time for day, time in product(days, self.times)]
        return chosen_at(self.positions, walls) if self.positions else walls


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
