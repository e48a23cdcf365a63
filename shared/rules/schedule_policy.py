"""What a schedule does beside its rule: spreads its runs, tries again, gives up, and misses a file."""

from dataclasses import dataclass
from datetime import time
from typing import Final

from shared.errors import UserError

MOST_SPREAD_MINUTES: Final = 60
MOST_RETRY_MINUTES: Final = 7 * 24 * 60
MOST_TRIES: Final = 100


@dataclass(frozen=True, slots=True)
class SchedulePolicy:
    """Minutes, and numbers of runs; None and 0 mean: not.

    Runs begin up to `spread_minutes` after their time, each import always as long after. A scheduled run that failed is
    tried again after `retry_minutes`, at most `retries` times before the next due time. After `pause_after_failures`
    scheduled runs in a row that failed or were refused, the schedule pauses. On each day that has a due time, a file
    that has not come, or not changed, by `file_by` of the zone's clock is reported as late.
    """

    spread_minutes: int = 0
    retry_minutes: int | None = None
    retries: int = 3
    pause_after_failures: int | None = None
    file_by: time | None = None


NO_POLICY: Final = SchedulePolicy()


def validate_policy(policy: SchedulePolicy) -> None:
    """Refuse a policy that can't be followed: UserError `schedule_policy`."""
    bounds = (
        ("spread_minutes", policy.spread_minutes, 0, MOST_SPREAD_MINUTES),
        ("retry_minutes", policy.retry_minutes, 1, MOST_RETRY_MINUTES),
        ("retries", policy.retries, 1, MOST_TRIES),
        ("pause_after_failures", policy.pause_after_failures, 1, MOST_TRIES),
    )
    for name, value, low, high in bounds:
        if value is not None and not low <= value <= high:
            raise UserError("schedule_policy", f"Give a number from {low:,} to {high:,}", field=f"schedule.{name}")
    if policy.file_by is not None and policy.file_by.tzinfo is not None:
        message = "The time has an offset: give it as the clock in the time zone shows it, without one"
        raise UserError("schedule_not_wall_clock", message, field="schedule.file_by")
