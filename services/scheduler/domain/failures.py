"""What becomes of a schedule after one of its runs has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.rules.schedule_policy import SchedulePolicy

FAILED = frozenset({"failed", "refused"})


@dataclass(frozen=True)
class Standing:
    """How a schedule stands: failures in a row, tries again since its last due time, its next time."""

    failures: int
    retries: int
    next_at: datetime | None


@dataclass(frozen=True)
class Consequence:
    """What follows: the new count of failures, when to try again, whether to pause."""

    failures: int
    retry_at: datetime | None = None
    pauses: bool = False


def consequence(policy: SchedulePolicy, standing: Standing, status: str, now: datetime) -> Consequence:
    """Return what follows from the end of a scheduled run; a cancelled one is nobody's failure, and counts as none.

    A refused run is not tried again: the file would be refused again, and a person has to look at it.
    """
    if status == "cancelled":
        return Consequence(standing.failures)
    if status not in FAILED:
        return Consequence(0)
    failures = standing.failures + 1
    if policy.pause_after_failures is not None and failures >= policy.pause_after_failures:
        return Consequence(failures, pauses=True)
    retry_at = None
    if policy.retry_minutes is not None and status == "failed" and standing.retries < policy.retries:
        retry_at = now + timedelta(minutes=policy.retry_minutes)
        if standing.next_at is not None and standing.next_at <= retry_at:
            retry_at = None  # the next due time is the next try
    return Consequence(failures, retry_at)
