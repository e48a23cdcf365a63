"""When a run counts as silent, and what is done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

GRACE = timedelta(seconds=15)


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


def silent_from(run: Watched) -> datetime:
    """Return the moment from which the run counts as silent."""
    return run.beat_at + GRACE + 2 * run.waited


def remedy(run: Watched, most_attempts: int) -> Remedy:
    """Return what to do about a run that is silent."""
    if run.status in {"planning", "applying"}:
        return Remedy.ASK_TO_APPLY
    return Remedy.ASK_AGAIN if run.attempt < most_attempts else Remedy.GIVE_UP
