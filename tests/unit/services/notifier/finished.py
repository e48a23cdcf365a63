"""Events about runs that ended, as the notifier hears them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.events.runs import FinishedProblem, ImportFinished, RunCounts, RunError

RUN_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ENDED = datetime(2026, 7, 1, 4, 30, 5, tzinfo=UTC)


def finished(**changes: Any) -> ImportFinished:
    """Return a run that failed, save for what `changes` says."""
    fields: dict[str, Any] = {
        "event_id": UUID(int=1),
        "occurred_at": ENDED,
        "run_id": RUN_ID,
        "import_id": UUID(int=2),
        "attempt": 1,
        "status": "failed",
        "trigger": "schedule",
        "dry_run": False,
        "import_name": "HR file",
        "manager_id": UUID(int=3),
        "manager_name": "Staff",
        "counts": RunCounts(),
        "error": RunError(
            code="login_refused", message="The server hr.example refused the login. Check the login and the password."
        ),
        "problem_count": 0,
        "problems": [],
        "file_name": "staff.csv",
        "file_sha256": None,
        "error_emails": ["ops@example.org"],
        "time_zone": "Europe/Berlin",
        "queued_at": ENDED,
        "finished_at": ENDED,
    }
    return ImportFinished(**fields | changes)


def refused(**changes: Any) -> ImportFinished:
    """Return a run that the 10 % guard refused."""
    message = (
        "The contact manager has 1,200 contacts and the file has only 3 of its contacts, 10 % or less, so it may be "
        "the wrong file. Nothing was changed. If the file is right, turn off "
        '"Delete contacts not found in the synchronization file", or delete the contacts by hand first.'
    )
    fields = {
        "status": "refused",
        "error": RunError(code="guard_ten_percent", message=message),
        "counts": RunCounts(read=5, added=2, unchanged=3, deleted=1197),
    }
    return finished(**fields | changes)


def done_with_errors(**changes: Any) -> ImportFinished:
    """Return an applied run of 1,000 rows, 12 of them left out."""
    problems = [
        FinishedProblem(
            line=line,
            severity="error",
            code="email_invalid",
            message='The value in the column "E-mail" is not an e-mail address.',
            column="E-mail",
        )
        for line in range(1007, 1018)
    ]
    duplicate = FinishedProblem(
        line=1020,
        severity="warning",
        code="duplicate_id",
        message="The same unique id stands again on line 1031 in the file: the last good row was taken.",
    )
    fields = {
        "status": "succeeded_with_errors",
        "error": None,
        "counts": RunCounts(read=1000, added=980, updated=3, unchanged=4, deleted=0, rejected=12, duplicates=1),
        "problems": [*problems, duplicate],
        "problem_count": 15,
    }
    return finished(**fields | changes)


def succeeded(**changes: Any) -> ImportFinished:
    """Return a run that did all there was to do."""
    counts = RunCounts(read=1000, added=12, updated=3, unchanged=985, deleted=2)
    return finished(**{"status": "succeeded", "error": None, "counts": counts} | changes)


def waiting(**changes: Any) -> ImportFinished:
    """Return a dry run whose plan waits to be approved."""
    return succeeded(**{"status": "planned", "dry_run": True} | changes)
