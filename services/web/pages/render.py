"""Templates, and how times and states read in them."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from services.web.dependencies.resources import resources_of
from services.web.forms.mail_rules_form import rules_shown
from services.web.pages.wording import AUDIT_WORDS, ROLE_WORDS, changed_part
from services.web.security.sessions import Session
from shared.store.run_view import RunView

_STATES = {
    "queued": "Waiting to start",
    "fetching": "Getting the file",
    "staging": "Reading the rows",
    "planning": "Comparing with the contacts",
    "applying": "Writing the changes",
    "succeeded": "Finished successfully",
    "succeeded_with_errors": "Finished, with errors",
    "planned": "Dry run: nothing was changed",
    "unchanged": "Not imported: the file has not changed",
    "refused": "Refused, to protect the contacts",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
GREEN = frozenset({"succeeded", "unchanged", "planned"})
YELLOW = frozenset({"succeeded_with_errors", "refused", "failed"})
_LIVE_PARTS = ("waiting", "steps")
APPLIED = frozenset({"succeeded", "succeeded_with_errors"})


_STARTED = {
    "schedule": "by its schedule",
    "now": "on these pages",
    "api": "over the API",
    "approve": "as an approval",
    "undo": "as an undo",
}


def _state(run: RunView) -> str:
    if run.status == "planned" and run.undoes:
        return "Undo, only shown: nothing was changed"
    if run.status in APPLIED and run.undoes:
        return _taken_back(run)
    if run.status == "planned" and not run.dry_run:
        return "Planned anew, to be approved: nothing was changed"
    return _STATES[run.status]


def _taken_back(run: RunView) -> str:
    counts = run.counts
    if not (counts.added or counts.updated or counts.deleted):
        return "Nothing was left to be taken back"
    return "Taken back" if run.status == "succeeded" else "Taken back, but not what was changed since"


def _mood(run: RunView) -> str:
    if run.status in YELLOW:
        return "warn"
    waits = run.status == "planned" and not run.dry_run
    return "good" if run.status in GREEN and not waits else ""


def _started(run: RunView) -> str:
    return _STARTED[run.trigger] + (f" by {run.requested_by}" if run.requested_by else "")


def _time(moment: datetime | None, zone: str = "UTC") -> str:
    """Return a time in a zone, with the moment for scripts, which show it in the reader's own."""
    if moment is None:
        return "\u2013"
    local = moment.astimezone(ZoneInfo(zone))
    machine = moment.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(machine, f"{local.day} {local:%b %Y, %H:%M} {zone}")


def _size(count: int | None) -> str:
    if count is None:
        return "\u2013"
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":  # noqa: PLR2004 - what each unit is of the one before
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


_templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
_templates.env.filters |= {"time": _time, "size": _size, "thousands": lambda number: f"{number:,}"}
_templates.env.globals |= {
    "states": _STATES,
    "state": _state,
    "mood": _mood,
    "started": _started,
    "role_words": ROLE_WORDS,
    "audit_words": AUDIT_WORDS,
    "changed_part": changed_part,
    "mail_rules_shown": rules_shown,
    "is_applied": lambda run: run.status in APPLIED,
}
_templates.env.tests["about_emails"] = lambda field: field.startswith("options.error_emails")
_templates.env.tests["about_mails"] = lambda field: field.startswith("options.mails")
_templates.env.tests["about_addresses_of"] = lambda field, rule: field.startswith(f"{rule}.to")
_templates.env.tests["about_limits"] = lambda field: field.startswith("options.limits")
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True


def page(
    request: Request,
    name: str,
    visitor: Session | None = None,
    /,
    *,
    status: int = 200,
    **values: Any,  # noqa: ANN401 - whatever a template shows
) -> Response:
    """Return a rendered page."""
    web = resources_of(request).settings.web
    about = {"visitor": visitor, "mail_url": web.mail_url}
    return _templates.TemplateResponse(request, name, about | values, status_code=status)


def live_run(run: RunView) -> str:
    """Return a run as its pages show it while it goes on, in one line of JSON: words, and parts of its own page."""
    parts = {name: _templates.get_template(f"run_{name}.html").render(run=run) for name in _LIVE_PARTS}
    return json.dumps(
        {
            "id": str(run.id),
            "percent": run.progress.percent,
            "state": _state(run),
            "waiting": run.waiting.message if run.waiting else "",
            "bytes": _size(run.progress.bytes),
            "rows": f"{run.progress.rows:,}",
            "has_ended": run.finished_at is not None,
            "parts": parts,
        }
    )


@cache
def time_zones() -> list[str]:
    """Return the names of time zones to choose from, places and UTC; found once, for all their files are looked at."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]
