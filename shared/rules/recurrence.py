"""When a schedule's runs are due: wall-clock times in its zone, computed without walking from its start.

This version knows `once` (no rule) and `FREQ=DAILY` with an interval.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from shared.errors import UserError
from shared.rules.wall_clock import instant_of

_MAX_RULE: Final = 500
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A start and an end in wall-clock time of a zone, and a rule.

    `until` is the last time at which a run may be due, `count` how many are; `rrule` None means once.
    """

    start: datetime
    time_zone: str
    rrule: str | None = None
    until: datetime | None = None
    count: int | None = None


def validate(schedule: Schedule) -> None:
    """Refuse a schedule that can't be followed.

    Raises UserError `time_zone_unknown`, `schedule_range`, `rrule_invalid`, `schedule_unsupported`, or
    `schedule_not_wall_clock` for a time with an offset.
    """
    time_zone_named(schedule.time_zone)
    for name, time in (("start", schedule.start), ("until", schedule.until)):
        if time is not None and time.tzinfo is not None:
            message = "The time has an offset: give it as the clock in the time zone shows it, without one"
            raise UserError("schedule_not_wall_clock", message, field=f"schedule.{name}")
    _interval_days(schedule.rrule)
    if schedule.until is not None and schedule.count is not None:
        raise _range_error("Give either an end date or a number of runs, not both", "count")
    if schedule.until is not None and schedule.until < schedule.start:
        raise _range_error("The end lies before the start", "until")
    if schedule.count is not None and schedule.count < 1:
        raise _range_error("The number of runs has to be at least 1", "count")


def next_occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time strictly after `after` (aware), in UTC, or None when there is none.

    A time that a clock change skips is due at the first instant after the gap, one that it repeats the first
    time. Takes the same time however long ago the start was.
    """
    zone = time_zone_named(schedule.time_zone)
    days = _interval_days(schedule.rrule)
    moment = after.astimezone(UTC)
    number = 0
    if days is not None:
        # The wall clock is less than two days from UTC, so this is at or before the one sought.
        number = max(0, (moment.replace(tzinfo=None) - schedule.start).days // days - 2)
    while schedule.count is None or number < schedule.count:
        try:
            wall = schedule.start + timedelta(days=number * (days or 0))
            due = instant_of(wall, zone)
        except OverflowError:
            return None  # past the year 9999
        if schedule.until is not None and wall > schedule.until:
            return None
        if due > moment:
            return due
        if days is None:
            return None
        number += 1
    return None


def upcoming(schedule: Schedule, after: datetime, limit: int = 5) -> list[datetime]:
    """Return the next `limit` due times strictly after `after`, fewer where the schedule ends."""
    times: list[datetime] = []
    while len(times) < limit:
        following = next_occurrence(schedule, times[-1] if times else after)
        if following is None:
            break
        times.append(following)
    return times


def describe(schedule: Schedule) -> str:
    """Return the schedule as an English sentence."""
    days = _interval_days(schedule.rrule)
    at = f"at {_clock(schedule.start)} ({schedule.time_zone})"
    start = _date(schedule.start)
    if days is None:
        return f"Once, on {start} {at}."
    pattern = "Every day" if days == 1 else f"Every {days} days"
    end = ""
    if schedule.until is not None:
        end = f", until {_date(schedule.until)} at {_clock(schedule.until)}"
    elif schedule.count is not None:
        end = ", once" if schedule.count == 1 else f", {schedule.count} times"
    return f"{pattern} {at}, from {start}{end}."


def time_zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a name; UserError `time_zone_unknown`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        message = f'"{name[:40]}" is not a time zone; use a name such as Europe/Berlin'
        raise UserError("time_zone_unknown", message, field="schedule.time_zone") from None


def _interval_days(rule: str | None) -> int | None:
    """Return the interval of a daily rule, None for no rule."""
    if rule is None:
        return None
    text = rule.strip().upper()
    try:
        if len(text) > _MAX_RULE or not text.startswith(("FREQ=", "INTERVAL=")) or "\n" in text:
            raise ValueError(text)  # noqa: TRY301 - one message for all that is no rule
        parts = dict(part.split("=") for part in text.split(";"))
        interval = int(parts.get("INTERVAL", "1"))
        if interval < 1 or len(parts) != text.count("=") or "FREQ" not in parts:
            raise ValueError(text)  # noqa: TRY301 - likewise
        if parts.keys() <= {"FREQ", "INTERVAL"} and parts["FREQ"] == "DAILY":
            timedelta(days=interval)
            return interval
        rrulestr(text, dtstart=datetime(2000, 1, 1))  # noqa: DTZ001 - only asks whether it is a rule
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError):
        message = f'"{rule[:80]}" is not a recurrence rule; a daily one is FREQ=DAILY;INTERVAL=1'
        raise UserError("rrule_invalid", message, field="schedule.rrule") from None
    message = "Only once and every N days are supported: FREQ=DAILY with an INTERVAL, and its end apart"
    raise UserError("schedule_unsupported", message, field="schedule.rrule")


def _range_error(message: str, name: str) -> UserError:
    return UserError("schedule_range", message, field=f"schedule.{name}")


def _date(time: datetime) -> str:
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


def _clock(time: datetime) -> str:
    return time.isoformat(timespec="seconds" if time.second else "minutes").partition("T")[2]
