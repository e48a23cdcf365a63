"""What due times are computed with, and whether that has changed: the zones' rules, and the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

BACK = timedelta(minutes=5)
"""A clock behind by less is another machine's; each process sees its own being set."""


@dataclass(frozen=True)
class Basis:
    """The zones' rules by their version, the newest time seen on a clock, and the scheduler that saw it."""

    zone_data: str
    seen_at: datetime
    seen_by: UUID | None


class Verdict(Enum):
    """What to do with a noted basis."""

    NOTE = auto()
    """Nothing has changed: note the own one."""
    COMPUTE_ANEW = auto()
    """The zones' rules are newer, or the clock was set back: note it, and compute all due times anew."""
    LEAVE = auto()
    """Another scheduler at work has newer rules, or a clock ahead: its due times stand."""


def judge_basis(noted: Basis | None, own: Basis, left: Basis | None) -> Verdict:
    """Compare the noted basis with the own one; `left` is what was noted when it was last left to another.

    That other scheduler is at work as long as it goes on noting. Times are computed anew only when it is not:
    schedulers whose clocks or rules differ would else take each other's times back, and run one time many times.
    """
    if noted is None:
        return Verdict.NOTE
    newer, older = (_version(one) > _version(other) for one, other in ((own, noted), (noted, own)))
    if newer:
        return Verdict.COMPUTE_ANEW
    if not older and own.seen_at >= noted.seen_at - BACK:
        return Verdict.NOTE
    return Verdict.COMPUTE_ANEW if noted.seen_by == own.seen_by or noted == left else Verdict.LEAVE


def _version(basis: Basis) -> list[tuple[int, str]]:
    """Return what versions of the zones' rules, such as 2026.1 or 2026a, are ordered by."""
    return [(int(part) if part.isdecimal() else 0, part) for part in basis.zone_data.split(".")]
