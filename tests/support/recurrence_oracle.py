"""The slow way to a schedule's due times, written from the rules alone: walk over every local day, or every step.

Shares no code with the product, reads rules with a split, and knows a zone only by what its clock shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby, takewhile
from zoneinfo import ZoneInfo

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """A time in which a zone's clock keeps one offset."""

    begins: datetime
    ends: datetime
    offset: timedelta


def stretches(zone: ZoneInfo, begins: datetime, ends: datetime) -> list[Stretch]:
    """Return the stretches between two instants, by looking at the clock every day, then every minute and second.

    No zone has ever changed its clock twice in a day.
    """

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(zone).utcoffset()

    found: list[Stretch] = []
    at = since = begins
    kept = offset(begins)
    while at < ends:
        later = min(at + DAY, ends)
        if offset(later) != kept:
            change = at
            for step in (HOUR, timedelta(minutes=1), timedelta(seconds=1)):
                while offset(change + step) == kept:
                    change += step
            change += timedelta(seconds=1)
            found.append(Stretch(since, change, kept or timedelta()))
            since, kept = change, offset(change)
        at = later
    found.append(Stretch(since, ends, kept or timedelta()))
    return found


def first_showing(wall: datetime, clock: list[Stretch]) -> datetime:
    """Return the first instant at which the clock shows the time or a later one."""
    shown = wall.replace(tzinfo=UTC)
    for stretch in clock:
        if shown < stretch.ends + stretch.offset:
            return max(stretch.begins, shown - stretch.offset)
    raise ValueError(f"{wall} lies past what was looked at")


def expected(
    start: datetime,
    clock: list[Stretch],
    rrule: str | None,
    until: datetime | None = None,
    count: int | None = None,
) -> list[datetime]:
    """Return all due times up to a while before the end of what was looked at."""
    end = clock[-1].ends - 3 * DAY
    if rrule is None:
        return [due for due in [first_showing(start, clock)] if due < end]
    parts = dict(part.split("=") for part in rrule.split(";"))
    last = parts.get("UNTIL")
    count = count or int(parts.get("COUNT", "0")) or None
    if parts["FREQ"] in {"HOURLY", "MINUTELY"}:
        times: Iterator[tuple[datetime, datetime]] = ((due, due) for due in _steps(start, clock, parts, end))
        until = first_showing(until, clock).replace(tzinfo=None) if until else None
    else:
        walls = takewhile(lambda wall: wall.replace(tzinfo=UTC) < end + DAY, _walls(start, parts, end))
        times = ((wall, first_showing(wall, clock)) for wall in walls)
    found: list[datetime] = []
    for wall, due in times:
        if (count and len(found) == count) or (until and wall.replace(tzinfo=None) > until) or due >= end:
            break
        if last and _past(last, wall, due, clock):
            break
        if not found or due > found[-1]:
            found.append(due)
    return found


def _past(last: str, wall: datetime, due: datetime, clock: list[Stretch]) -> bool:
    if last.endswith("Z"):
        return due > datetime.strptime(last, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    end = datetime.strptime(last if "T" in last else f"{last}T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall clock
    return wall > (end if wall.tzinfo is None else first_showing(end, clock))


def _numbers(parts: dict[str, str], name: str) -> list[int]:
    return [int(number) for number in parts[name].split(",")] if name in parts else []


def _counted(number: int, length: int, wanted: list[int]) -> bool:
    """Tell whether the number-th of so many is wanted, counted from either end."""
    return number in wanted or number - length - 1 in wanted


def _walls(start: datetime, parts: dict[str, str], end: datetime) -> Iterator[datetime]:
    """Walk over every day of every period, from the period of the start."""
    frequency, interval = parts["FREQ"], int(parts.get("INTERVAL", "1"))
    week_start = DAYS.index(parts.get("WKST", "MO"))
    fits = _day_test(start, parts)

    def period(day: date) -> int:
        match frequency:
            case "YEARLY":
                return day.year
            case "MONTHLY":
                return day.year * 12 + day.month
            case "WEEKLY":
                return (day.toordinal() + 6 - week_start) // 7
            case _:
                return day.toordinal()

    first = start.date() - 366 * DAY
    every = (first + number * DAY for number in range((end.date() - first).days + 400))
    hours, minutes = _numbers(parts, "BYHOUR") or [start.hour], _numbers(parts, "BYMINUTE") or [start.minute]
    positions = _numbers(parts, "BYSETPOS")
    for number, days in groupby(every, period):
        if (number - period(start.date())) % interval or number < period(start.date()):
            continue
        walls = [
            datetime(day.year, day.month, day.day, hour, minute, start.second)  # noqa: DTZ001 - wall clock
            for day in days
            if fits(day)
            for hour in sorted(hours)
            for minute in sorted(minutes)
        ]
        for place, wall in enumerate(walls, start=1):
            if wall >= start and (not positions or _counted(place, len(walls), positions)):
                yield wall


def _completed(start: datetime, parts: dict[str, str]) -> dict[str, str]:
    """Return the rule with the days that it takes from its start."""
    weekday = DAYS[start.weekday()]
    if parts.keys() & {"BYYEARDAY", "BYMONTHDAY", "BYDAY"}:
        return parts
    match parts["FREQ"]:
        case "YEARLY" if "BYWEEKNO" in parts:
            return parts | {"BYDAY": weekday}
        case "YEARLY":
            return {"BYMONTH": str(start.month)} | parts | {"BYMONTHDAY": str(start.day)}
        case "MONTHLY":
            return parts | {"BYMONTHDAY": str(start.day)}
        case "WEEKLY":
            return parts | {"BYDAY": weekday}
    return parts


def _day_test(start: datetime, parts: dict[str, str]) -> Callable[[date], bool]:
    parts = _completed(start, parts)
    months, weeks = _numbers(parts, "BYMONTH"), _numbers(parts, "BYWEEKNO")
    year_days, month_days = _numbers(parts, "BYYEARDAY"), _numbers(parts, "BYMONTHDAY")
    named = [(int(day[:-2] or 0), DAYS.index(day[-2:])) for day in parts.get("BYDAY", "").split(",") if day]
    week_start = DAYS.index(parts.get("WKST", "MO"))
    in_month = parts["FREQ"] == "MONTHLY" or bool(months)

    @cache
    def fits(day: date) -> bool:
        if months and day.month not in months:
            return False
        next_month = (day.replace(day=28) + 4 * DAY).replace(day=1)
        month_length = (next_month - DAY).day
        if month_days and not _counted(day.day, month_length, month_days):
            return False
        year_day = day.timetuple().tm_yday
        year_length = date(day.year, 12, 31).timetuple().tm_yday
        return (
            (not year_days or _counted(year_day, year_length, year_days))
            and (not weeks or _counted(*_week(day, week_start), weeks))
            and (not named or any(is_named(each, day, month_length, year_day, year_length) for each in named))
        )

    def is_named(wanted: tuple[int, int], day: date, month_length: int, year_day: int, year_length: int) -> bool:
        ordinal, weekday = wanted
        if day.weekday() != weekday:
            return False
        place, length = (day.day, month_length) if in_month else (year_day, year_length)
        return not ordinal or ordinal in {(place - 1) // 7 + 1, -((length - place) // 7 + 1)}

    return fits


def _week(day: date, week_start: int) -> tuple[int, int]:
    """Return the number of a day's week, and how many its year has: the year in which four of its days lie."""

    year = next(year for year in (day.year + 1, day.year, day.year - 1) if day >= _first_day(year, week_start))
    first, following = (_first_day(each, week_start) for each in (year, year + 1))
    return (day - first).days // 7 + 1, (following - first).days // 7


@cache
def _first_day(year: int, week_start: int) -> date:
    every = (date(year - 1, 12, 29) + number * DAY for number in range(7))
    return next(day for day in every if day.weekday() == week_start)


def _steps(start: datetime, clock: list[Stretch], parts: dict[str, str], end: datetime) -> Iterator[datetime]:
    """Walk from the start in elapsed time; the wall clock is only asked whether a step is within the limits."""
    due = begins = first_showing(start, clock)
    hourly = parts["FREQ"] == "HOURLY"
    step = int(parts.get("INTERVAL", "1")) * (HOUR if hourly else timedelta(minutes=1))
    places = [timedelta()]
    fits, hours, minutes = _day_test(start, parts), _numbers(parts, "BYHOUR"), _numbers(parts, "BYMINUTE")
    at = next(number for number, stretch in enumerate(clock) if begins < stretch.ends)
    if hourly and minutes:
        due -= timedelta(minutes=(begins + clock[at].offset).minute)
        places, minutes = [timedelta(minutes=minute) for minute in sorted(minutes)], []
    while due < end:
        for moment in (due + place for place in places):
            while moment >= clock[at].ends:
                at += 1
            shown = moment + clock[at].offset
            within = (not hours or shown.hour in hours) and (not minutes or shown.minute in minutes)
            if moment >= begins and within and fits(shown.date()):
                yield moment
        due += step
