"""When a run counts as silent, and what is done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

GRACE = timedelta(seconds=15)
UNTAKEN_GRACE = timedelta(minutes=1)
LONGEST_GRACE = timedelta(minutes=8)


class Remedy(Enum):
    """What a silent run needs."""

    ASK_AGAIN = auto()
    """Fetch or parse again, as the next attempt, from the last durable step."""
    ASK_TO_APPLY = auto()
    """All rows are staged: only planning and applying have to be taken up again."""
    GIVE_UP = auto()
    """It was asked for often enough."""


@dataclass(frozen=True)
class Watched:
    """What the watch knows of a run."""

    status: str
    attempt: int
    beat_at: datetime
    waited: timedelta
    """The newest waiting time of its records: a full topic delays beats as much as work."""
    taken_up: bool = True
    """Whether anybody has begun with this attempt; before that there is nobody who could beat."""


def silent_from(run: Watched, others_waited: timedelta = timedelta()) -> datetime:
    """Return the moment from which the run counts as silent.

    `others_waited` is how long records of other runs had waited that were taken up just now: in a crowd one is as
    patient for those behind them, whichever topic they wait in. A request that waits is not lost with whoever might
    have heard it, and asking again only makes the queue longer: the grace is longer, and doubles with each attempt.
    """
    if run.taken_up:
        return run.beat_at + GRACE + 2 * max(run.waited, others_waited)
    patience = min(UNTAKEN_GRACE * (1 << min(max(run.attempt - 1, 0), 10)), LONGEST_GRACE)
    return run.beat_at + patience + 2 * others_waited


def remedy(run: Watched, most_attempts: int) -> Remedy:
    """Return what to do about a run that is silent; one that nobody has taken up has not failed at anything."""
    if run.status in {"planning", "applying"}:
        return Remedy.ASK_TO_APPLY
    return Remedy.ASK_AGAIN if run.attempt < most_attempts or not run.taken_up else Remedy.GIVE_UP
