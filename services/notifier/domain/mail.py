"""The mail about a run, as a message with a text and an HTML form that say the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import jinja2

from services.notifier.domain.text import one_line
from services.notifier.domain.wording import Wording, word
from shared.events.runs import FinishedProblem, ImportFinished, RunCounts

_STARTED_BY: Final = {
    "schedule": "its schedule",
    "now": "“Import now”",
    "api": "a program, through the API",
    "approve": "an approval",
    "undo": "undoing an earlier run",
}


def compose(event: ImportFinished, recipients: Sequence[str], *, sender: str, public_url: str | None) -> EmailMessage:
    """Return the mail about a run; for the same run always the same, to the byte.

    `recipients` come from `recipients_of`. The link to the run's page is left out where there is no `public_url`.
    """
    wording = word(event)
    about = Envelope(sender, recipients, event.finished_at, f"run-{event.run_id}")
    return message_of(about, wording, _facts(event, wording, public_url))


@dataclass(frozen=True)
class Envelope:
    """Whom a mail is from and to, when what it tells happened, and what it is about: one id, one mail."""

    sender: str
    recipients: Sequence[str]
    happened_at: datetime
    about: str


def message_of(envelope: Envelope, wording: Wording, facts: Mapping[str, object]) -> EmailMessage:
    """Return a mail in both forms; `facts` are what the templates ask for."""
    message = EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    message["To"] = ", ".join(envelope.recipients)
    message["Subject"] = wording.subject
    message["Date"] = envelope.happened_at.astimezone(UTC)
    message["Message-ID"] = f"<{envelope.about}@contacts-sync>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    text, html = (_templates().get_template(name).render(facts) for name in ("run.txt", "run.html"))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{envelope.about}")
    return message


def _facts(event: ImportFinished, wording: Wording, public_url: str | None) -> dict[str, object]:
    applied = event.status == "succeeded_with_errors"
    return {
        "subject": "The run",
        "link": "Open the run",
        "link_words": "The run, with everything that is known of it:",
        "wording": wording,
        "details": _details(event),
        "applied": applied,
        "counts": _counts(event.counts, applied=applied) if event.counts.read else [],
        "problems": [_shown(problem) for problem in event.problems],
        "more_problems": max(event.problem_count - len(event.problems), 0),
        "url": f"{public_url.rstrip('/')}/runs/{event.run_id}" if public_url else None,
    }


def _details(event: ImportFinished) -> list[tuple[str, str]]:
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


def local_time(moment: datetime, zone: str) -> str:
    """Return the wall-clock time in the zone, which is named; in UTC where there is no such zone."""
    try:
        name, there = zone, ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        name, there = "UTC", ZoneInfo("UTC")
    local = moment.astimezone(there)
    short = local.tzname()
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M}, {name}" + (f" ({short})" if short != name else "")


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("services.notifier"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
