"""When a message is tried again, and what an answer means; the schedule is that of Standard Webhooks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""Before each try after the first; in all three days."""
LONGEST_WAIT: Final = timedelta(hours=24)
"""However long a receiver asks for."""
JITTER: Final = 0.2
"""Waits are longer by up to this part of themselves, so that what failed together does not come together again."""
_DIGITS: Final = 9
_TAKEN: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_GONE: Final = 410


@dataclass(frozen=True)
class Answer:
    """What came of a try: a status, or why there was none; `text` is the short beginning of what was answered."""

    status: int | None = None
    text: str = ""
    retry_after: timedelta | None = None

    @property
    def meaning(self) -> Literal["taken", "gone", "failed"]:
        """Return whether the receiver has the message, wants none ever again, or may take it later."""
        if self.status in _TAKEN:
            return "taken"
        return "gone" if self.status == _GONE else "failed"

    @property
    def words(self) -> str:
        """Return why the try failed."""
        if self.status is None:
            return self.text
        if self.status in _REDIRECTS:
            return f"It answered {self.status}: redirects are not followed."
        return f"It answered {self.status}{f': {self.text}' if self.text else '.'}"


def next_wait(tries: int, retry_after: timedelta | None, random: Callable[[], float]) -> timedelta | None:
    """Return how long to wait after so many tries, never less than the receiver asks for; None: give up.

    `random` gives numbers from 0 to 1.
    """
    if tries > len(DELAYS):
        return None
    wait = DELAYS[tries - 1] * (1 + JITTER * random())
    return max(wait, retry_after or timedelta())


def retry_after_of(header: str | None, now: datetime) -> timedelta | None:
    """Return what a Retry-After header asks for, in seconds or as a date; None where it can't be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:_DIGITS])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = (moment.replace(tzinfo=moment.tzinfo or UTC)) - now
    return min(max(wait, timedelta()), LONGEST_WAIT)
