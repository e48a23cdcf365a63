"""How a planned run ends: the questions that are asked of every plan before its first write.

The order is that of "How a run ends" in the rules of a synchronization.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from shared.events.runs import FinalStatus, RunCounts

GUARD_PERCENT = 10
SHARE_HOLDS_FROM = 100


@dataclass(frozen=True)
class ChangeLimit:
    """A limit of the import's own: from so many changes of a kind on, or such a share of the contacts, it refuses."""

    changes: Literal["deletes", "updates", "adds"]
    count: int | None = None
    percent: float | None = None


@dataclass(frozen=True)
class PlanFacts:
    """What a plan would do, and what the import asks for; all counts are of contacts or rows."""

    good_rows: int
    rejected: int
    undecodable: int
    """Rejected rows with bytes that are not in the encoding."""
    warnings: int
    contacts: int
    """In the manager now."""
    found: int
    """Of those, in the file: by unique id, rows with errors included."""
    counts: RunCounts
    delete_missing: bool
    generated_keys: bool
    remote: bool
    scheduled: bool
    dry_run: bool
    limits: tuple[ChangeLimit, ...] = ()
    most_row_errors: int | None = None
    """The error budget, as a count; null: none is set."""
    most_row_error_percent: float | None = None
    """The error budget, as a share of the rows, which holds for files of 100 rows or more."""


@dataclass(frozen=True)
class Verdict:
    """The status the run ends with; a code and message where nothing is applied because of it."""

    status: FinalStatus
    code: str | None = None
    message: str | None = None

    @property
    def applies(self) -> bool:
        """Tell whether the plan is applied."""
        return self.status in {"succeeded", "succeeded_with_errors"}


def judge(facts: PlanFacts) -> Verdict:
    """Return how the run ends. A dry run that would be refused is planned, and says why it would be."""
    unsafe = unsafe_plan(
        deleted=facts.counts.deleted,
        good_rows=facts.good_rows,
        rejected=facts.rejected,
        generated_keys=facts.generated_keys,
    )
    stopped = _unfit_file(facts) or _guarded(facts) or unsafe or _limited(facts)
    if facts.dry_run and (stopped is None or stopped.status == "refused"):
        return Verdict("planned", stopped.code if stopped else None, stopped.message if stopped else None)
    if stopped is not None:
        return stopped
    return Verdict("succeeded_with_errors" if facts.rejected or facts.warnings else "succeeded")


def unsafe_plan(*, deleted: int, good_rows: int, rejected: int, generated_keys: bool) -> Verdict | None:
    """Return how a run fails whose plan would delete though its file is no good; no approval overrides that."""
    if deleted and not good_rows:
        return Verdict(
            "failed",
            "no_good_rows",
            f"Not a single row is free of errors, and {deleted:,} contacts would be deleted. Nothing was changed.",
        )
    if deleted and generated_keys and rejected:
        return Verdict(
            "failed",
            "replacement_incomplete",
            f"The file replaces all contacts, but {rejected:,} of its rows have errors and would be lost. "
            "Nothing was changed.",
        )
    return None


def _unfit_file(facts: PlanFacts) -> Verdict | None:
    rows = facts.good_rows + facts.rejected
    if rows and facts.undecodable == rows:
        return Verdict(
            "failed",
            "encoding_wrong",
            "Not one row can be read in the file's encoding. Choose the encoding it was written in.",
        )
    if _budget_exceeded(facts):
        return Verdict(
            "failed",
            "too_many_row_errors",
            f"{facts.rejected:,} of {rows:,} rows have errors, more than this import allows. Nothing was changed.",
        )
    return None


def _guarded(facts: PlanFacts) -> Verdict | None:
    if not _guard_refuses(facts):
        return None
    known = facts.good_rows if facts.generated_keys else facts.found
    what = "rows without errors" if facts.generated_keys else "of its contacts"
    return Verdict(
        "refused",
        "guard_ten_percent",
        f"The contact manager has {facts.contacts:,} contacts and the file has only {known:,} {what}, "
        f"{GUARD_PERCENT} % or less, so it may be the wrong file. Nothing was changed. If the file is right, look at "
        'the contacts that would be deleted and approve the run, or turn off "Delete contacts not found in the '
        'synchronization file", or delete the contacts by hand first.',
    )


def _limited(facts: PlanFacts) -> Verdict | None:
    counts = facts.counts
    planned = {"deletes": counts.deleted, "updates": counts.updated, "adds": counts.added}
    verbs = {"deletes": "delete", "updates": "update", "adds": "add"}
    for limit in facts.limits:
        changes = planned[limit.changes]
        if changes and _reaches(changes, limit, facts.contacts):
            bound = f"{limit.count:,}" if _reaches_count(changes, limit) else f"{limit.percent:g} % of the contacts"
            return Verdict(
                "refused",
                f"limit_{limit.changes}",
                f"The file would {verbs[limit.changes]} {changes:,} contact{'s' * (changes != 1)}, and this import "
                f"stops at {bound}. Nothing was changed. If the file is right, look at the changes and approve the "
                "run.",
            )
    return None


def _reaches(changes: int, limit: ChangeLimit, contacts: int) -> bool:
    if _reaches_count(changes, limit):
        return True
    return limit.percent is not None and contacts > 0 and changes * 100 >= _exact(limit.percent) * contacts


def _reaches_count(changes: int, limit: ChangeLimit) -> bool:
    return limit.count is not None and changes >= limit.count


def _budget_exceeded(facts: PlanFacts) -> bool:
    rows, count, percent = facts.good_rows + facts.rejected, facts.most_row_errors, facts.most_row_error_percent
    if count is not None and facts.rejected > count:
        return True
    return percent is not None and rows >= SHARE_HOLDS_FROM and facts.rejected * 100 > rows * _exact(percent)


def _exact(percent: float) -> Decimal:
    """Return a share as it was typed: 0.57 times 10,000 is 5,700 then, and not a little less."""
    return Decimal(str(percent))


def guard_would_refuse_on_schedule(facts: PlanFacts) -> bool:
    """Tell whether only that there is no schedule keeps the guard from refusing."""
    return not facts.scheduled and _guard_refuses(replace(facts, scheduled=True))


def _guard_refuses(facts: PlanFacts) -> bool:
    if not (facts.delete_missing and facts.remote and facts.scheduled and facts.contacts):
        return False
    known = facts.good_rows if facts.generated_keys else facts.found
    return known * 100 <= facts.contacts * GUARD_PERCENT
