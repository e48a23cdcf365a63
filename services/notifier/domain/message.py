"""A mail as it goes out: its head, a text and an HTML form that say the same, and what is attached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from zoneinfo import ZoneInfo

import jinja2

from services.notifier.domain.wording import Wording

_FOOTER = "You get this mail because your address stands in this import's set-up."
_NOT_NAMED = "undisclosed-recipients:;"


@dataclass(frozen=True)
class Envelope:
    """Whom a mail is from, who stands in its head, when what it tells happened, and what it is about: one id, one mail.

    Who stands there sees each other; whom it goes to says who sends it.
    """

    sender: str
    recipients: Sequence[str]
    happened_at: datetime
    about: str

    @property
    def message_id(self) -> str:
        """Return the mail's own id, the same however often it is sent."""
        return f"<{self.about}@contacts-sync>"


@dataclass(frozen=True)
class AttachedRows:
    """The rows that were left out, as a table for spreadsheets: so many of them, which are not all where more were."""

    data: bytes
    charset: str
    rows: int


def message_of(
    envelope: Envelope, wording: Wording, facts: Mapping[str, object], attached: AttachedRows | None = None
) -> EmailMessage:
    """Return a mail in both forms; `facts` are what the templates ask for besides the wording.

    `footer` among them says why one gets it, where that is not the set-up of an import.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    # A head outside ASCII is one that not every server takes.
    message["To"] = ", ".join(filter(str.isascii, envelope.recipients)) or _NOT_NAMED
    message["Subject"] = wording.subject
    message["Date"] = envelope.happened_at.astimezone(UTC)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    asked = {"footer": _FOOTER, **facts, "wording": wording}
    text, html = (_templates().get_template(name).render(asked) for name in ("mail.txt", "mail.html"))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{envelope.about}")
    if attached is not None:
        params = {"charset": attached.charset}
        message.add_attachment(attached.data, "text", "csv", filename="rejected-rows.csv", params=params)
        message.set_boundary(f"=_with-rows_{envelope.about}")
    return message


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
