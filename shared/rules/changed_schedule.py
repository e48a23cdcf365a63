"""When a schedule is due next whose rule stays as it was while what goes with it is changed, its spread for one."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shared.rules.due import MOMENT, Pause, delay_of, next_due, open_from
from shared.rules.recurrence import Schedule


def keeps_times(before: Schedule, after: Schedule) -> bool:
    """Tell whether two schedules have the same due times, because they differ in their policy at most."""
    return replace(before, policy=after.policy) == after


def carried_over(
    before: Schedule, after: Schedule, import_id: UUID, next_at: datetime | None, *, now: datetime, pause: Pause | None
) -> datetime | None:
    """Return when `after`, which keeps the times of `before`, is due next: what has run is not due again, all else is.

    `next_at` is when it was due next by `before`; None, also for a try again, where nothing was due by now. The answer
    is past where a run waited for its turn in a spread, and its time has come by the new one.
    """
    if next_at is not None and next_at <= now:
        since = next_at - MOMENT
    else:
        since = open_from(before, import_id, now, next_at, pause)
    return next_due(after, import_id, since - delay_of(before, import_id) + delay_of(after, import_id), pause)
