"""When a mail that the server has put off is tried again, and when no more."""

from datetime import datetime, timedelta
from typing import Final

GIVE_UP_AFTER: Final = timedelta(days=1)
"""A mail that was put off for so long counts as refused."""
_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(minutes=30)
_MOST_DOUBLINGS: Final = 12


def next_try(now: datetime, tries: int, deferred_since: datetime, *, gives_up: bool = True) -> datetime | None:
    """Return when to try again after so many tries before this one; None where it has waited long enough."""
    if gives_up and now - deferred_since > GIVE_UP_AFTER:
        return None
    wait: timedelta = _FIRST_WAIT * (1 << min(tries, _MOST_DOUBLINGS))
    return now + min(wait, _LONGEST_WAIT)
