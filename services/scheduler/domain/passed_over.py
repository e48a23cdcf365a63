"""What new rules of a zone pass over: a time that was still to come by the old ones, and is past by the new ones."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.rules.due import MOMENT, Pause, delay_of, due_between
from shared.rules.recurrence import Schedule

_FARTHEST = timedelta(days=1, hours=1)
"""By so much new rules move a time at most: a country has changed sides of the date line."""


def passed_over(
    schedule: Schedule,
    import_id: UUID,
    awaited: datetime,
    upcoming: datetime | None,
    now: datetime,
    pause: Pause | None,
) -> datetime | None:
    """Return the moment by now, if there is one, at which the run should have begun that was awaited later than now.

    `upcoming` is the next one by the new rules. The time that was awaited is the one that has moved least: the last by
    now if it is nearer to it than `upcoming`, so that what has run is not due again where a time moved to later.
    """
    if upcoming is not None and upcoming <= awaited:
        return None
    delay = delay_of(schedule, import_id)
    reach = _FARTHEST if upcoming is None else min(upcoming - awaited, _FARTHEST)
    nearer = due_between(schedule, awaited - reach - delay + MOMENT, now - delay + MOMENT)
    if not nearer or (pause is not None and pause.takes(nearer[-1], delay)):
        return None
    return nearer[-1] + delay
