"""What is done about a schedule whose time has come: one run, however many times have passed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.rules.due import Pause, delay_of, due_between, next_due
from shared.rules.recurrence import Schedule

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class DueNow:
    """The due time that a run is for, None for a try again; earlier ones that were missed; the next time."""

    due_at: datetime | None
    next_at: datetime | None
    missed: list[datetime] = field(default_factory=list)


def judge_due(
    schedule: Schedule, import_id: UUID, came_due: datetime, now: datetime, pause: Pause | None, *, retry: bool
) -> DueNow:
    """Return what is due of a schedule that came due at a moment which is past by now.

    `retry`: it came due only as a try again, so no due time has passed unless one has since.
    """
    delay = delay_of(schedule, import_id)
    first = came_due - delay + (_MOMENT if retry else timedelta())
    passed = [due for due in due_between(schedule, first, now - delay + _MOMENT) if not (pause and pause.covers(due))]
    upcoming = next_due(schedule, import_id, now, pause)
    if not passed:  # a try again; or a zone's rules have moved the time, which then is the one that was noted
        return DueNow(None if retry else came_due, upcoming)
    return DueNow(passed[-1], upcoming, passed[:-1])
