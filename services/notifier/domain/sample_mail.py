"""The mail that shows whether mails arrive, and what they look like."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from uuid import UUID

from services.notifier.domain.message import Envelope, local_time, message_of
from services.notifier.domain.wording import Wording


def compose_test(mail_id: UUID, asked_at: datetime, recipients: Sequence[str], *, sender: str) -> EmailMessage:
    """Return the mail; for the same id always the same, to the byte."""
    wording = Wording(
        tone="good",
        subject="Test mail \N{EN DASH} mails of contacts-sync arrive",
        headline="Mails of contacts-sync arrive",
        why="Somebody who looks after contacts-sync asked for a test mail to this address.",
        contacts="This mail is about none: nothing was imported or changed.",
        next_step="There is nothing to do. Where this mail lies in a folder for spam, tell those who run your mail "
        "server that its sender is welcome.",
    )
    facts = {
        "subject": "This mail",
        "link": "",
        "link_words": "",
        "details": [("Asked for", local_time(asked_at, "UTC")), ("Sender", sender)],
        "applied": False,
        "counts": [],
        "problems": [],
        "more_problems": 0,
        "attached": None,
        "url": None,
        "footer": "You get this mail because somebody asked for a test mail to your address.",
    }
    return message_of(Envelope(sender, recipients, asked_at, f"test-{mail_id}"), wording, facts)
