"""When a schedule is due next whose rule stays as it was while what goes with it is changed, its spread for one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.rules.due import Pause, delay_of, next_due
from shared.rules.recurrence import Schedule

_MOMENT: Final = timedelta(microseconds=1)


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
    awaited = next_due(before, import_id, now) if next_at is None else next_at
    if awaited is None:
        return None
    moved = awaited - delay_of(before, import_id) + delay_of(after, import_id)
    return next_due(after, import_id, moved - _MOMENT, pause)
