"""What is done about a schedule whose time has come: one run, however many times have passed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

from shared.rules.due import MOMENT, MOST_COUNTED, Pause, delay_of, next_due
from shared.rules.recurrence import Schedule, due_times

_FIRST_LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True)
class DueNow:
    """The due time that a run is for, None for a try again; earlier ones that were missed; the next time.

    `in_pause`: no run begins, because a pause has begun since, and all that was due is missed.
    """

    due_at: datetime | None
    next_at: datetime | None
    missed: list[datetime] = field(default_factory=list)
    in_pause: bool = False


def judge_due(
    schedule: Schedule, import_id: UUID, came_due: datetime, now: datetime, pause: Pause | None, *, retry: bool
) -> DueNow:
    """Return what is due of a schedule that came due at a moment which is past by now.

    `retry`: it came due only as a try again, so no due time has passed unless one has since.
    """
    delay = delay_of(schedule, import_id)
    first = came_due - delay + (MOMENT if retry else timedelta())
    passed: list[datetime] = []
    upcoming: datetime | None = None
    for due in due_times(schedule, first - MOMENT):
        if due > now - delay or len(passed) == MOST_COUNTED:
            upcoming = due
            break
        passed.append(due)
    more = upcoming is not None and upcoming <= now - delay
    if pause is not None or more:
        passed = [due for due in passed if pause is None or not pause.takes(due, delay)]
        upcoming = next_due(schedule, import_id, now, pause)
    elif upcoming is not None:
        upcoming += delay
    if more and (newest := _newest(schedule, now - delay, pause, delay)):
        passed.append(newest)
    if pause is not None and pause.covers(now):
        return DueNow(None, upcoming, passed, in_pause=True)
    if not passed:  # a try again; or a zone's rules have moved the time, which then is the one that was noted
        return DueNow(None if retry else came_due, upcoming)
    return DueNow(passed[-1], upcoming, passed[:-1])


def _newest(schedule: Schedule, until: datetime, pause: Pause | None, delay: timedelta) -> datetime | None:
    """Return the last due time up to a moment, where very many lie before it; None where a pause took the last ones."""
    window = _FIRST_LOOK_BACK
    while True:
        found = list(takewhile(lambda due: due <= until, due_times(schedule, until - window)))
        if found:
            return next((due for due in reversed(found) if pause is None or not pause.takes(due, delay)), None)
        window *= 4
