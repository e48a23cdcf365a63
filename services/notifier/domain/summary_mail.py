"""The mail that tells once a day of a failure that repeats itself."""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final
from uuid import UUID

from services.notifier.domain.mail import details_of
from services.notifier.domain.message import Envelope, local_time, message_of
from services.notifier.domain.text import counted, one_line
from services.notifier.domain.troubles import Trouble
from services.notifier.domain.wording import Wording, reason, short_reason
from shared.events.runs import ImportFinished

_DASH: Final = "\N{EN DASH}"
_STILL: Final = {"failed": "Still failing", "refused": "Still refused", "succeeded_with_errors": "Still with errors"}
_DID: Final = {"failed": "failed", "refused": "were refused", "succeeded_with_errors": "left rows out"}


def compose_summary(
    summary_id: UUID,
    trouble: Trouble,
    last: ImportFinished,
    recipients: Sequence[str],
    *,
    sender: str,
    public_url: str | None,
) -> EmailMessage:
    """Return the mail about the runs that nobody was told of; `last` is the newest of them."""
    facts = {
        "subject": "The newest of these runs",
        "link": "Open the newest run",
        "link_words": "The newest of these runs, with everything that is known of it:",
        "details": [*details_of(last), ("Since", local_time(trouble.began_at, last.time_zone))],
        "applied": False,
        "counts": [],
        "problems": [],
        "more_problems": 0,
        "attached": None,
        "url": f"{public_url.rstrip('/')}/runs/{last.run_id}" if public_url else None,
    }
    about = Envelope(sender, recipients, last.finished_at, f"summary-{summary_id}")
    return message_of(about, _word(trouble, last), facts)


def _word(trouble: Trouble, last: ImportFinished) -> Wording:
    name = one_line(last.import_name, 80)
    runs = counted(trouble.untold, "more run")
    how = "was refused" if trouble.untold == 1 and last.status == "refused" else _DID[last.status]
    with_errors = last.status == "succeeded_with_errors"
    why = None if with_errors else reason(last)
    short = "with errors as before" if with_errors else short_reason(last)
    return Wording(
        tone="warning" if last.status != "failed" else "bad",
        subject=f"{_STILL[last.status]}: {name} {_DASH} {runs} {how}: {short}",
        headline=f"“{name}”: {runs} {how}",
        why=why,
        contacts="All good rows of these runs were imported; the others were left out."
        if with_errors
        else f"Nothing was changed. The contacts in “{one_line(last.manager_name, 80)}” are as they were before.",
        next_step="It is the same as in the mail before. You are told once a day for as long as it lasts"
        f"{'' if with_errors else ', and at once when something else goes wrong'}.",
    )
