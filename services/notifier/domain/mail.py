"""The mail about a run."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

from services.notifier.domain.message import AttachedRows, Envelope, local_time, message_of
from services.notifier.domain.text import counted, one_line
from services.notifier.domain.wording import word
from shared.events.runs import FinishedProblem, ImportFinished, RunCounts

_STARTED_BY: Final = {
    "schedule": "its schedule",
    "now": "“Import now”",
    "api": "a program, through the API",
    "approve": "an approval",
    "undo": "undoing an earlier run",
}
_APPLIED: Final = frozenset({"succeeded", "succeeded_with_errors"})


def compose(
    event: ImportFinished,
    recipients: Sequence[str],
    *,
    sender: str,
    public_url: str | None,
    failures: int = 0,
    attached: AttachedRows | None = None,
) -> EmailMessage:
    """Return the mail about a run; for the same run always the same, to the byte.

    `recipients` stand in its head, often nobody. The link to the run's page is left out where there is no `public_url`.
    `failures`: the runs right before this one that failed or were refused, where this one ends that.
    """
    applied = event.status in _APPLIED
    url = f"{public_url.rstrip('/')}/runs/{event.run_id}" if public_url else None
    facts = {
        "subject": "The run",
        "link": "Open the run",
        "link_words": "The run, with everything that is known of it:",
        "details": details_of(event),
        "applied": applied,
        "counts": _counts(event.counts, applied=applied) if event.counts.read else [],
        "problems": [_shown(problem) for problem in event.problems],
        "more_problems": max(event.problem_count - len(event.problems), 0),
        "attached": _attached(attached, event.counts.rejected, url) if attached else None,
        "url": url,
    }
    about = Envelope(sender, recipients, event.finished_at, f"run-{event.run_id}")
    return message_of(about, word(event, failures), facts, attached)


def details_of(event: ImportFinished) -> list[tuple[str, str]]:
    """Return what identifies a run for people."""
    details = [
        ("Import", one_line(event.import_name, 200)),
        ("Contact manager", one_line(event.manager_name, 200)),
        ("File", one_line(event.file_name, 200) if event.file_name else ""),
        ("Ended", local_time(event.finished_at, event.time_zone)),
        ("Started by", _STARTED_BY.get(event.trigger, "")),
        ("Dry run", "yes: it would have changed nothing in any case" if event.dry_run else ""),
    ]
    return [(label, value) for label, value in details if value]


def _counts(counts: RunCounts, *, applied: bool) -> list[tuple[str, str]]:
    add, update, delete = ("added", "updated", "deleted") if applied else ("to add", "to update", "to delete")
    return [
        ("Rows read", f"{counts.read:,}"),
        (f"Contacts {add}", f"{counts.added:,}"),
        (f"Contacts {update}", f"{counts.updated:,}"),
        (f"Contacts {delete}", f"{counts.deleted:,}"),
        ("Rows without a change", f"{counts.unchanged:,}"),
        ("Rows with errors", f"{counts.rejected:,}"),
        ("Rows replaced by a later one", f"{counts.duplicates:,}"),
    ]


def _shown(problem: FinishedProblem) -> dict[str, str]:
    return {
        "line": "File" if problem.line is None else str(problem.line),
        "place": "The file" if problem.line is None else f"Line {problem.line}",
        "column": one_line(problem.column, 60) if problem.column else "",
        "severity": problem.severity,
        "message": one_line(problem.message),
    }


def _attached(attached: AttachedRows, rejected: int, url: str | None) -> str:
    """Return what a reader has to know of the attached rows."""
    if attached.rows < rejected:
        what = f"The first {attached.rows:,} of {counted(rejected, 'row')} with errors are attached"
        rest = "; all of them can be downloaded on the run's page" if url else ""
    else:
        what, rest = f"{counted(rejected, 'row')} with errors {'is' if rejected == 1 else 'are'} attached", ""
    return f"{what}, each with its reason{rest}. Passwords are left out."
