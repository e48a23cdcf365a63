"""How a planned run ends: the questions that are asked of every plan before its first write.

The order is that of "How a run ends" in the rules of a synchronization.
"""

from dataclasses import dataclass

from shared.events.runs import FinalStatus

GUARD_PERCENT = 10
SHARE_HOLDS_FROM = 100


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
    deletes: int
    delete_missing: bool
    generated_keys: bool
    remote: bool
    scheduled: bool
    dry_run: bool
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
    """Return how the run ends."""
    stopped = _unfit_file(facts) or _unsafe_plan(facts)
    if stopped is not None:
        return stopped
    if facts.dry_run:
        return Verdict("planned")
    return Verdict("succeeded_with_errors" if facts.rejected or facts.warnings else "succeeded")


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


def _unsafe_plan(facts: PlanFacts) -> Verdict | None:
    if _guard_refuses(facts):
        known = facts.good_rows if facts.generated_keys else facts.found
        what = "rows without errors" if facts.generated_keys else "of its contacts"
        return Verdict(
            "refused",
            "guard_ten_percent",
            f"The contact manager has {facts.contacts:,} contacts and the file has only {known:,} {what}, "
            f"{GUARD_PERCENT} % or less, so it may be the wrong file. Nothing was changed. If the file is right, turn "
            'off "Delete contacts not found in the synchronization file", or delete the contacts by hand first.',
        )
    if facts.deletes and not facts.good_rows:
        return Verdict(
            "failed",
            "no_good_rows",
            f"Not a single row is free of errors, and {facts.deletes:,} contacts would be deleted. "
            "Nothing was changed.",
        )
    if facts.deletes and facts.generated_keys and facts.rejected:
        return Verdict(
            "failed",
            "replacement_incomplete",
            f"The file replaces all contacts, but {facts.rejected:,} of its rows have errors and would be lost. "
            "Nothing was changed.",
        )
    return None


def _budget_exceeded(facts: PlanFacts) -> bool:
    rows, count, percent = facts.good_rows + facts.rejected, facts.most_row_errors, facts.most_row_error_percent
    if count is not None and facts.rejected > count:
        return True
    return percent is not None and rows >= SHARE_HOLDS_FROM and facts.rejected * 100 > rows * percent


def _guard_refuses(facts: PlanFacts) -> bool:
    if not (facts.delete_missing and facts.remote and facts.scheduled and facts.contacts):
        return False
    known = facts.good_rows if facts.generated_keys else facts.found
    return known * 100 <= facts.contacts * GUARD_PERCENT
