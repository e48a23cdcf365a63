"""The demo's steps: each says beforehand what has to come of it, and is compared with what came."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.cli.failure import explained

Facts = tuple[str, ...]
"""What came of a step, or has to, in short statements that are compared one by one."""

_WORDS = {
    "read": "read",
    "added": "added",
    "updated": "updated",
    "unchanged": "as they were",
    "deleted": "deleted",
    "rejected": "rejected",
    "duplicates": "twice in the file",
}


@dataclass(frozen=True)
class Step:
    """One step: `play` does it, shows it, and returns what came of it; nothing but `wanted` is right."""

    title: str
    story: str
    wanted: Facts
    play: Callable[[], Facts]


@dataclass(frozen=True)
class Played:
    """A step that was taken; `error` is why it broke off."""

    step: Step
    found: Facts
    seconds: float
    error: str | None = None

    @property
    def right(self) -> bool:
        """Whether it did what it should, no more and no less."""
        return self.error is None and self.found == self.step.wanted


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return a run's counts that are not 0."""
    return ", ".join(f"{counts[name]:,} {words}" for name, words in _WORDS.items() if counts.get(name))


def facts(status: str, counts: Mapping[str, int], contacts: int, *others: str) -> Facts:
    """Return the statements about a run and the number of contacts after it.

    A refused run's counts are of what it would have done.
    """
    counted = counts_in_words(counts) or "no row compared"
    if status.startswith("refused"):
        counted = f"not done: {counted}"
    return status, counted, f"{contacts:,} contacts", *others


def facts_of_run(run: Mapping[str, Any], contacts: int, *others: str) -> Facts:
    """Return the statements about a run that ended; one with an error is called by its code."""
    status = f"{run['status']} ({run['error']['code']})" if run["error"] else run["status"]
    return facts(status, run["counts"], contacts, *others)


def play(steps: Iterable[Step]) -> Iterator[Step | Played]:
    """Yield each step before it is taken, and after it what came of it.

    One that breaks off ends it all, as those after it build on it; an error that nobody foresaw is raised.
    """
    for step in steps:
        yield step
        begun = time.monotonic()
        try:
            found, problem = step.play(), None
        except Exception as error:
            known = explained(error)
            if known is None:
                raise
            found, problem = (), f"{known.message} ({known.code})"
        yield Played(step, found, time.monotonic() - begun, problem)
        if problem is not None:
            return
