"""When an import is due next, with all that moves it: its place in a spread, and a pause."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from shared.errors import UserError
from shared.rules.recurrence import Schedule, due_times, time_zone_named
from shared.rules.wall_clock import instant_of, instant_within

MOST_COUNTED: Final = 10_000
MOMENT: Final = timedelta(microseconds=1)
"""The least that times are apart."""
_DAYS_LOOKED_AT: Final = 400
"""So many days in a row may have their first due time later than the file is wanted."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing is due, from a moment to before another; without an end until it is resumed."""

    begins: datetime
    ends: datetime | None
    reason: str | None = None

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.begins <= moment and (self.ends is None or moment < self.ends)

    def takes(self, due: datetime, delay: timedelta) -> bool:
        """Tell whether a due time is not to run: it lies in the pause, or its run would begin there by the spread."""
        return self.covers(due) or self.covers(due + delay)

    def until(self, moment: datetime) -> "Pause":
        """Return what of it lies before a moment."""
        return replace(self, ends=min(self.ends, moment) if self.ends else moment)


def delay_of(schedule: Schedule, import_id: UUID) -> timedelta:
    """Return how long after its times an import's runs begin, by the schedule's spread; always the same."""
    spread = schedule.policy.spread_minutes * 60
    return timedelta(seconds=import_id.int % spread) if spread else timedelta()


def next_due(schedule: Schedule, import_id: UUID, after: datetime, pause: Pause | None = None) -> datetime | None:
    """Return when the next run is due, strictly after a moment, or None when there is none."""
    return next(_all_due(schedule, import_id, after, pause), None)


def open_from(
    schedule: Schedule, import_id: UUID, now: datetime, awaited: datetime | None, pause: Pause | None
) -> datetime:
    """Return the moment strictly after which what is due has not run yet: now, or later.

    `awaited` is when a run is due next, outside of `pause`; None where none is, or where that is a try again. If it is
    one of the schedule's times, but not the next, its spread has been changed, and what now seems to wait has run.
    """
    delay = delay_of(schedule, import_id)
    if awaited is None or not delay:
        return now
    upcoming = next_due(schedule, import_id, now, pause)
    if upcoming is None or awaited <= upcoming:
        return now
    if next_due(schedule, import_id, awaited - MOMENT, pause) != awaited:
        return now  # new rules of the zone have moved it
    return min(awaited - MOMENT, now + delay)


def upcoming_due(
    schedule: Schedule, import_id: UUID, after: datetime, pause: Pause | None = None, limit: int = 5
) -> list[datetime]:
    """Return when the next runs are due, fewer than `limit` where the schedule ends or pauses without an end."""
    return list(islice(_all_due(schedule, import_id, after, pause), limit))


def _all_due(schedule: Schedule, import_id: UUID, after: datetime, pause: Pause | None) -> Iterator[datetime]:
    delay = delay_of(schedule, import_id)
    for due in due_times(schedule, after - delay):
        if pause is None or not pause.takes(due, delay):
            yield due + delay
        elif pause.ends is None:
            return
        elif pause.covers(due):
            yield from (later + delay for later in due_times(schedule, pause.ends - MOMENT))
            return


def due_between(schedule: Schedule, first: datetime, end: datetime) -> list[datetime]:
    """Return the due times from one moment to before another, the spread left aside; at most `MOST_COUNTED`."""
    return list(islice(_until(due_times(schedule, first - MOMENT), end), MOST_COUNTED))


def next_file_due(schedule: Schedule, after: datetime, pause: Pause | None = None) -> datetime | None:
    """Return the next moment at which a new file should have come, outside of a pause.

    On days with a due time not later than that, outside of a pause too: else nothing has looked for the file.
    """
    file_by = schedule.policy.file_by
    if file_by is None:
        return None
    zone = time_zone_named(schedule.time_zone)
    day = after.astimezone(zone).date()
    for _ in range(_DAYS_LOOKED_AT):
        due = next(due_times(schedule, instant_of(datetime.combine(day, time.min), zone) - MOMENT), None)
        if due is None:
            return None
        day = due.astimezone(zone).date()
        moment = instant_of(datetime.combine(day, file_by), zone)
        if moment > after and due <= moment:
            looks = due_between(schedule, due, moment + MOMENT) if pause else [due]
            if pause is None or not (pause.covers(moment) or all(map(pause.covers, looks))):
                return moment
            if pause.ends is None:
                return None
            day = max(day, pause.ends.astimezone(zone).date() - timedelta(days=1))
        day += timedelta(days=1)
    return None


def pause_of(schedule: Schedule, begins: datetime | None, ends: datetime | None, *, now: datetime) -> Pause:
    """Return the pause between two times on the zone's wall clock; from now, and until it is resumed, without them.

    It never begins in the past: what came due before now was not paused. UserError `pause_range`, or
    `schedule_not_wall_clock` for a time with an offset.
    """
    zone = time_zone_named(schedule.time_zone)
    for name, given in (("from", begins), ("until", ends)):
        if given is not None and given.tzinfo is not None:
            message = "The time has an offset: give it as the clock in the time zone shows it, without one"
            raise UserError("schedule_not_wall_clock", message, field=name)
    first = max(instant_within(begins, zone), now) if begins else now
    last = instant_within(ends, zone) if ends else None
    if last is not None and last <= first:
        raise UserError("pause_range", "The pause ends before it begins, or has ended already", field="until")
    return Pause(first.astimezone(UTC), last)


def _until(times: Iterator[datetime], end: datetime) -> Iterator[datetime]:
    for due in times:
        if due >= end:
            return
        yield due
