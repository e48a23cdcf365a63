"""When a schedule's runs are due: in its zone, and without walking from its start.

Daily and longer rules are wall-clock times: one that a clock change skips is due at the first instant after the gap,
one that it repeats the first time. Hourly and shorter rules count elapsed time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import UserError
from shared.rules.calendar_days import SEARCHED_YEARS
from shared.rules.distances import come_within
from shared.rules.elapsed_times import SEARCHED_STEPS_YEARS, ElapsedTimes, elapsed_times
from shared.rules.recurrence_rule import RecurrenceRule, parse_rule
from shared.rules.schedule_policy import NO_POLICY, SchedulePolicy, validate_policy
from shared.rules.wall_clock import instant_of, instant_within
from shared.rules.wall_times import WallTimes, wall_times

MOST_RUNS: Final = 1_000
"""An end after a number of runs lies at most so many ahead; they are counted from the start."""
MOST_YEARS_COUNTED: Final = 200
"""The last of a number of runs is due within so many years of the start."""
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9000
SHORTEST_MINUTES: Final = 5
MOST_TIMES_OF_DAY: Final = 24 * 60 // SHORTEST_MINUTES
"""A daily or longer rule names at most so many: also where BYSETPOS chooses few of them, all have to be counted."""
_MACHINES_OWN: Final = frozenset({"localtime", "posixrules"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """A start and an end in wall-clock time of a zone, and a rule.

    `until` is the last time at which a run may be due, `count` how many are; the rule may name either itself. `rrule`
    None means once. The start is a due time only where the rule says so. `last` is where a count ends, as `counted_end`
    found it: without it, all are counted from the start, the first time that a process asks.
    """

    start: datetime
    time_zone: str
    rrule: str | None = None
    until: datetime | None = None
    count: int | None = None
    policy: SchedulePolicy = NO_POLICY
    last: datetime | None = field(default=None, compare=False)


def validate(schedule: Schedule) -> None:
    """Refuse a schedule that can't be followed.

    Raises UserError `time_zone_unknown`, `schedule_range`, `rrule_invalid`, `rrule_too_many_times`, `rrule_too_often`,
    `rrule_never_due`, `schedule_policy`, or `schedule_not_wall_clock` for a time with an offset.
    """
    validate_policy(schedule.policy)
    time_zone_named(schedule.time_zone)
    for name, given in (("start", schedule.start), ("until", schedule.until)):
        if given is not None and given.tzinfo is not None:
            message = "The time has an offset: give it as the clock in the time zone shows it, without one"
            raise UserError("schedule_not_wall_clock", message, field=f"schedule.{name}")
    rule = parse_rule(schedule.rrule) if schedule.rrule is not None else RecurrenceRule("DAILY")
    _check_range(schedule, rule)
    _check_times_of_day(rule)
    times = _times(schedule, rule)
    if next(_unended(times, schedule), None) is None:
        years = SEARCHED_STEPS_YEARS if rule.sub_daily else SEARCHED_YEARS
        message = (
            f"This rule was not found due within {years} years of the start: change the days or times that it names"
        )
        raise UserError("rrule_never_due", message, field="schedule.rrule")
    if schedule.rrule is not None and come_within(times, timedelta(minutes=SHORTEST_MINUTES)):
        raise _too_often()
    if schedule.policy.file_by is not None and (first := _first_of_day(times)) > schedule.policy.file_by:
        message = f"Nothing looks for the file before the day's first run, at {first:%H:%M}; give a later time"
        raise UserError("schedule_policy", message, field="schedule.file_by")
    count = schedule.count or rule.count
    if count is not None and schedule.rrule is not None and _counted(schedule)[1] < count:
        message = f"The rule is not due so often within {MOST_YEARS_COUNTED} years; give an end date instead"
        raise _range_error(message, "count")
    if next(due_times(schedule, _before(schedule)), None) is None:
        raise _range_error("The end lies before the first time", "until")


def next_occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time strictly after `after` (aware), in UTC, or None when there is none."""
    return next(due_times(schedule, after), None)


def upcoming(schedule: Schedule, after: datetime, limit: int = 5) -> list[datetime]:
    """Return the next `limit` due times strictly after `after`, fewer where the schedule ends."""
    return list(islice(due_times(schedule, after), limit))


def due_times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Return all due times strictly after `after` (aware), in order, in UTC.

    Each takes the same time however long ago the start was. Two that a clock change moves to the same instant are one.
    """
    times, last = _prepared(schedule)
    zone = time_zone_named(schedule.time_zone)
    due = after.astimezone(UTC)
    try:
        if isinstance(times, ElapsedTimes):
            for moment in times.after(due):
                if moment > last:
                    return
                yield moment
            return
        local = due.astimezone(zone).replace(tzinfo=None, fold=0)
        for wall in times.after(local):
            moment = instant_of(wall, zone)
            if wall > last if last.tzinfo is None else moment > last:
                return
            if moment > due:
                due = moment
                yield due
    except OverflowError:  # past the year 9999
        return


def time_zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a name; UserError `time_zone_unknown`, also for names that mean a machine's own zone."""
    try:
        if name not in _MACHINES_OWN:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        pass
    message = f'"{name[:40]}" is not a time zone; use a name such as Europe/Berlin'
    raise UserError("time_zone_unknown", message, field="schedule.time_zone")


def counted_end(schedule: Schedule) -> datetime | None:
    """Return the last due time of a schedule that ends after a number of runs, None for others.

    A wall-clock time of daily and longer rules, an instant of others. Walks from the start, over `MOST_YEARS_COUNTED`.
    """
    return _counted(schedule)[0]


@lru_cache(maxsize=1024)
def _counted(schedule: Schedule) -> tuple[datetime | None, int]:
    """Return where a count ends, and how many runs there are until then: fewer where they take too many years."""
    rule = parse_rule(schedule.rrule) if schedule.rrule is not None else None
    count = (schedule.count or rule.count) if rule else None
    if rule is None or count is None:
        return None, 0
    zone = time_zone_named(schedule.time_zone)
    last, due, found = None, datetime.min.replace(tzinfo=UTC), 0
    for each in _unended(_times(schedule, rule), schedule):
        if found == count or each.year > schedule.start.year + MOST_YEARS_COUNTED:
            break
        moment = each if each.tzinfo is not None else instant_of(each, zone)
        if moment > due:  # two that a clock change moves to the same instant are one run
            last, due, found = each, moment, found + 1
    return last, found


@lru_cache(maxsize=4096)
def _prepared(schedule: Schedule) -> tuple[WallTimes | ElapsedTimes, datetime]:
    """Return the due times without an end, and the last that may be due: an instant, or naive a wall-clock time."""
    if schedule.rrule is None:
        return _times(schedule, RecurrenceRule("DAILY")), schedule.start
    rule = parse_rule(schedule.rrule)
    times = _times(schedule, rule)
    if schedule.count or rule.count:
        return times, schedule.last or counted_end(schedule) or schedule.start
    end = schedule.until or rule.until or datetime.max  # noqa: DTZ901 - wall clock
    if isinstance(times, ElapsedTimes) and end.tzinfo is None:
        zone = time_zone_named(schedule.time_zone)
        end = instant_within(end, zone)
    return times, end


def _times(schedule: Schedule, rule: RecurrenceRule) -> WallTimes | ElapsedTimes:
    if rule.sub_daily:
        return elapsed_times(rule, schedule.start, time_zone_named(schedule.time_zone))
    return wall_times(rule, schedule.start)


def _unended(times: WallTimes | ElapsedTimes, schedule: Schedule) -> Iterator[datetime]:
    """Return all due times from the start, leaving the end aside; wall-clock times of daily and longer rules."""
    if isinstance(times, ElapsedTimes):
        return times.after(_before(schedule))
    return times.after(max(schedule.start, datetime.min + timedelta(days=1)) - timedelta(days=1))  # noqa: DTZ901


def _before(schedule: Schedule) -> datetime:
    """Return an instant before the start, whatever the zone."""
    earliest = datetime.min + timedelta(days=3)  # noqa: DTZ901 - wall clock
    return (max(schedule.start, earliest) - timedelta(days=2)).replace(tzinfo=UTC)


def _check_range(schedule: Schedule, rule: RecurrenceRule) -> None:
    if not FIRST_YEAR <= schedule.start.year <= LAST_YEAR:
        raise _range_error(f"The start has to be in the years {FIRST_YEAR} to {LAST_YEAR}", "start")
    ends = (schedule.until, schedule.count, rule.until, rule.count)
    if sum(end is not None for end in ends) > 1:
        raise _range_error("Give either an end date or a number of runs, once, and not both", "count")
    if schedule.until is not None and schedule.until < schedule.start:
        raise _range_error("The end lies before the start", "until")
    count = schedule.count if schedule.count is not None else rule.count
    if count is not None and not 1 <= count <= MOST_RUNS:
        raise _range_error(f"The number of runs has to be from 1 to {MOST_RUNS:,}; give an end date instead", "count")


def _check_times_of_day(rule: RecurrenceRule) -> None:
    named = max(1, len(rule.hours)) * max(1, len(rule.minutes)) * max(1, len(rule.seconds))
    if rule.sub_daily or named <= MOST_TIMES_OF_DAY:
        return
    if not rule.positions:  # so many that two of them are too close to each other
        raise _too_often()
    message = (
        f"The rule names {named:,} times of a day for BYSETPOS to choose from; name at most {MOST_TIMES_OF_DAY}, "
        "with fewer BYHOUR, BYMINUTE and BYSECOND"
    )
    raise UserError("rrule_too_many_times", message, field="schedule.rrule")


def _first_of_day(times: WallTimes | ElapsedTimes) -> time:
    """Return a time of day before which nothing is due."""
    if isinstance(times, WallTimes):
        seconds = int(times.times[0].total_seconds()) if times.times else 0
    else:
        seconds = times.windows[0][0] if times.windows else 0
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _too_often() -> UserError:
    message = f"Runs would be due less than {SHORTEST_MINUTES} minutes apart, the shortest interval there is"
    return UserError("rrule_too_often", message, field="schedule.rrule")


def _range_error(message: str, name: str) -> UserError:
    return UserError("schedule_range", message, field=f"schedule.{name}")
