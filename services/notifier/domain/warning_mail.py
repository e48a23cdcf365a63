"""The mail about a file that is late, or a schedule that has paused itself."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

from services.notifier.domain.message import Envelope, local_time, message_of
from services.notifier.domain.text import counted, one_line
from services.notifier.domain.wording import Wording
from shared.events.import_warnings import ImportWarned

_DASH: Final = "\N{EN DASH}"


def compose_warning(
    event: ImportWarned, recipients: Sequence[str], *, sender: str, public_url: str | None
) -> EmailMessage:
    """Return the mail; for the same warning always the same, to the byte."""
    details = [
        ("Import", one_line(event.import_name, 200)),
        ("Contact manager", one_line(event.manager_name, 200)),
        ("Expected by", local_time(event.expected_at, event.time_zone) if event.expected_at else ""),
        ("Noticed", local_time(event.occurred_at, event.time_zone)),
    ]
    facts = {
        "subject": "The import",
        "link": "Open the import",
        "link_words": "The import, with its runs and what it has missed:",
        "details": [(label, value) for label, value in details if value],
        "applied": False,
        "counts": [],
        "problems": [],
        "more_problems": 0,
        "attached": None,
        "url": f"{public_url.rstrip('/')}/imports/{event.import_id}/runs" if public_url else None,
    }
    about = Envelope(sender, recipients, event.occurred_at, f"warning-{event.event_id}")
    return message_of(about, _word(event), facts)


def _word(event: ImportWarned) -> Wording:
    name, manager = one_line(event.import_name, 80), one_line(event.manager_name, 80)
    if event.warning == "file_late":
        return Wording(
            tone="warning",
            subject=f"File late: {name} {_DASH} nothing was changed",
            headline=f"The file of “{name}” is late",
            why=one_line(event.message, 1000),
            contacts=f"Nothing was changed. The contacts in “{manager}” are as the last file left them.",
            next_step="Ask where the file comes from whether it was written. The schedule goes on as it is, and takes "
            "the file in when it comes.",
        )
    failed = f"{counted(event.failures, 'run')} in a row failed" if event.failures else "it failed too often"
    return Wording(
        tone="bad",
        subject=f"Paused: {name} {_DASH} {failed}",
        headline=f"The schedule of “{name}” was paused",
        why=one_line(event.message, 1000),
        contacts=f"The contacts in “{manager}” are as they are, and are not kept up to date until you resume it.",
        next_step="Mend what is named above, try it with “Import now”, and then resume the schedule on the import's "
        "page.",
    )
