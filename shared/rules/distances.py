"""Whether a rule's due times come closer together than runs may follow each other.

Daily and longer rules are measured by the wall clock, others by the time that passes. Left aside are the end of a
schedule, and what only an hour that a clock change skips or repeats brings together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from math import gcd
from typing import Final

from shared.rules.calendar_days import LAST_DAY, DayPattern, days_between, has_days_in_a_row, month_start, weekday_of
from shared.rules.elapsed_times import ElapsedTimes
from shared.rules.steps_into_parts import Parts, StepsIntoParts, common, moved_back
from shared.rules.wall_times import SEARCHED_DAYS, WallTimes

_DAY: Final = 86_400
_ONE_DAY: Final = timedelta(days=1)
_CYCLES: Final = {"WEEKLY": 20_871, "MONTHLY": 4_800, "YEARLY": 400}
"""Periods after which the calendar repeats itself, weekdays too."""
_LOOKED_AT: Final = 20
"""More pairs than can lie around one clock change."""


def come_within(times: WallTimes | ElapsedTimes, distance: timedelta) -> bool:
    """Tell whether two due times, at any time from the start on, are less than a distance apart (up to an hour)."""
    if isinstance(times, ElapsedTimes):
        pairs = _pairs_of_offsets(times, distance // timedelta(seconds=1))
        return any(_are_both_due(times, offset, apart) for offset, apart in pairs)
    if times.positions:
        return _come_within_periods(times, distance)
    close = [(earlier, later) for earlier, later in pairwise(times.times) if later - earlier < distance]
    # The last two: where only the start's day is due, those before the start are not.
    if close and _are_close(list(islice(replace(times, times=close[-1]).after(times.start - _ONE_DAY), 3)), distance):
        return True
    if not times.times or times.times[0] + _ONE_DAY - times.times[-1] >= distance:
        return False
    if times.rule.interval == 1:
        return has_days_in_a_row(times.days)
    # Only days of one period may follow each other.
    outer = replace(times, times=(times.times[0], times.times[-1]))
    return times.rule.frequency != "DAILY" and _come_within_periods(outer, distance)


def _come_within_periods(times: WallTimes, distance: timedelta) -> bool:
    """Tell it of weekly and longer rules by looking at each period that may differ from those before."""
    of_kind: dict[object, tuple[list[timedelta], bool]] = {}
    last, found_on = None, times.start.toordinal()
    for number in _different_periods(times):
        low, high = times.span(number)
        if low > LAST_DAY or low - found_on > SEARCHED_DAYS:
            return False
        begin, kind = datetime.fromordinal(low), _kind(times, low, high)
        if kind not in of_kind:
            within = [due - begin for due in times.chosen(days_between(times.days, low, high), low)]
            of_kind[kind] = within, _are_close(within, distance)
        within, are_close = of_kind[kind]
        if number == 0:
            within = [due for due in within if begin + due >= times.start]
            are_close = _are_close(within, distance)
        if not within:
            continue
        if are_close or (last is not None and begin + within[0] - last < distance):
            return True
        last, found_on = begin + within[-1], low
    return False


def _different_periods(times: WallTimes) -> range:
    """Return periods among which are all that differ, with the next of each; the first may be cut by the start."""
    alike = times.rule.frequency == "WEEKLY" and not times.days.months
    cycle = 1 if alike else _CYCLES[times.rule.frequency]
    return range(cycle // gcd(cycle, times.rule.interval) + 2)


def _kind(times: WallTimes, low: int, high: int) -> object:
    """Return what is the same only for periods that have the same days, counted from their begin."""
    first = date.fromordinal(low)
    if times.rule.frequency == "YEARLY":  # a numbered week depends on how long the years beside it are
        lengths = (month_start(each * 12) - low for each in range(first.year - 1, first.year + 3))
        return weekday_of(low), *lengths
    if times.rule.frequency == "MONTHLY":
        return first.month, weekday_of(low), high - low
    last = date.fromordinal(min(high - 1, LAST_DAY))
    return first.month, last.month, 0 if first.month == last.month else last.day


def _are_close(due: Sequence[datetime] | Sequence[timedelta], distance: timedelta) -> bool:
    return any(later - earlier < distance for earlier, later in pairwise(due))  # type: ignore[operator]


def _pairs_of_offsets(times: ElapsedTimes, seconds: int) -> Iterator[tuple[int, int]]:
    """Return offsets within a step, and after how many seconds, less than so many, another offset follows."""
    following = [
        number * times.step + offset for number in range(seconds // times.step + 2) for offset in times.offsets
    ]
    for place, offset in enumerate(times.offsets):
        for other in islice(following, place + 1, None):
            if other - offset >= seconds:
                break
            yield offset, other - offset


def _are_both_due(times: ElapsedTimes, offset: int, apart: int) -> bool:
    """Tell whether the limits ever let through both an offset and what is so many seconds after it."""
    cycle, parts = (times.limits.cycle, times.limits.parts) if times.limits else (_DAY, ((0, _DAY),))
    both = common(parts, moved_back(parts, apart, cycle))
    return any(_is_due(times, offset, apart, days, within) for days, within in _by_day(times.days, both, apart, cycle))


def _by_day(days: DayPattern, parts: Parts, apart: int, cycle: int) -> Iterator[tuple[DayPattern, Parts]]:
    """Return the parts whose times have the later one on the same day, and those that have it on the next."""
    if days.every_day:
        yield days, parts
        return
    midnights = range(_DAY, cycle + 1, _DAY)
    yield days, common(parts, tuple((midnight - _DAY, midnight - apart) for midnight in midnights))
    yield replace(days, followed=True), common(parts, tuple((midnight - apart, midnight) for midnight in midnights))


def _is_due(times: ElapsedTimes, offset: int, apart: int, days: DayPattern, parts: Parts) -> bool:
    if not parts:
        return False
    limits = StepsIntoParts(times.step, parts=parts, cycle=times.limits.cycle if times.limits else _DAY)
    earlier = replace(times, offsets=(offset,), days=days, limits=limits)
    due = islice(earlier.after(datetime.min.replace(tzinfo=UTC)), _LOOKED_AT)
    return any(_shift(each, times) == _shift(each + timedelta(seconds=apart), times) for each in due)


def _shift(moment: datetime, times: ElapsedTimes) -> timedelta | None:
    return moment.astimezone(times.zone).utcoffset()
