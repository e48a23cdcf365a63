"""The same failure again and again: told once, then once a day for all of them, until another end of a run ends it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain.recipients import TROUBLES
from shared.events.runs import ImportFinished

SUMMARY_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class Trouble:
    """What is wrong with an import: why, since when, and how many of its runs nobody was told of yet."""

    reason: str
    began_at: datetime
    told_at: datetime
    untold: int
    last_at: datetime
    """When the newest run that it is known of has ended."""


def reason_of(event: ImportFinished) -> str | None:
    """Return what makes two troubles the same; None where the run is none."""
    if event.status not in TROUBLES:
        return None
    return f"{event.status} {event.error.code if event.error else ''}".strip()


def after_run(trouble: Trouble | None, event: ImportFinished) -> tuple[Trouble | None, bool]:
    """Return the trouble once a run of the import has ended, and whether the run is news.

    Events of different runs may come in any order; an older one changes nothing but what is counted.
    """
    reason, ended = reason_of(event), event.finished_at
    is_newest = trouble is None or ended >= trouble.last_at
    if trouble is not None and reason == trouble.reason:
        return replace(trouble, untold=trouble.untold + 1, last_at=max(ended, trouble.last_at)), False
    if not is_newest:
        return trouble, reason is not None
    if reason is None:
        return None, False
    return Trouble(reason, ended, ended, 0, ended), True
