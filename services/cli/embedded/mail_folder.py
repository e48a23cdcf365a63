"""The folder of mails: one .eml file each, written whole or not at all, sorting by arrival."""

import email.policy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

_SUFFIX = ".eml"


@dataclass(frozen=True, slots=True)
class Mail:
    """What the page shows of a mail; `text` and `html` are None where it has no such part."""

    name: str
    subject: str
    sender: str
    recipients: str
    date: str
    text: str | None
    html: str | None


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        content = part.get_content()
    except LookupError:
        return "(This part is in a character set that is not known here; the file holds it as it came.)"
    return content if isinstance(content, str) else None


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


class MailFolder:
    """Mails in `folder`, which must exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, content: bytes, *, sender: str, recipients: Sequence[str], at: datetime, suffix: str) -> str:
        """Store a mail, its envelope in front of its headers, and return its name.

        `suffix` tells mails of the same microsecond apart. When this returns, the mail is on disk.
        """
        name = f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{suffix}{_SUFFIX}"
        envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        half = self._folder / f".{name}.new"
        with half.open("xb") as file:
            file.write(envelope.encode() + content)
            file.flush()
            os.fsync(file.fileno())
        half.rename(self._folder / name)
        return name

    def names(self) -> list[str]:
        """Return the names of all mails, the newest first."""
        return sorted((path.name for path in self._folder.glob(f"[0-9]*{_SUFFIX}")), reverse=True)

    def mail(self, name: str) -> Mail | None:
        """Return a mail, or None if the folder has none of that name."""
        if name not in self.names():
            return None
        with (self._folder / name).open("rb") as file:
            message = BytesParser(EmailMessage, policy=email.policy.default).parse(file)
        return Mail(
            name=name,
            subject=_header(message, "Subject"),
            sender=_header(message, "From") or _header(message, "X-Envelope-From"),
            recipients=_header(message, "To") or _header(message, "X-Envelope-To"),
            date=_header(message, "Date"),
            text=_part(message, "plain"),
            html=_part(message, "html"),
        )
