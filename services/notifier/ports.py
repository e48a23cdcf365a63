"""What the notifier needs from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.notifier.domain.answers import Answer


@dataclass(frozen=True)
class Receipt:
    """What the mail server said of a mail's addresses; it has taken the mail for all that are in neither."""

    refused: Mapping[str, Answer] = field(default_factory=dict)
    """Refused for good."""
    deferred: Mapping[str, Answer] = field(default_factory=dict)
    """Not taken for now."""
    may_be_ours: bool = False
    """All addresses were refused in words that may as well be about our login or sender."""


class SendMail(Protocol):
    """Hands mails to a mail server, one after another."""

    async def send(self, content: bytes, sender: str, recipients: Sequence[str]) -> Receipt:
        """Return once the server has answered for each address.

        TransientError where it has not: `mail_cut` where it may be due to this mail, all others where no mail would
        come through now: nothing answers, or the login is refused.
        """

    async def close(self) -> None:
        """Take leave of the server; the next mail greets it again."""
