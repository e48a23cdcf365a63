"""What the notifier needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol


@dataclass(frozen=True)
class Receipt:
    """What the mail server said of a mail that it took for at least one address."""

    refused: int = 0
    """Addresses it refused for good."""
    deferred: tuple[str, ...] = ()
    """Addresses it would not take for now."""


class SendMail(Protocol):
    """Hands a mail to a mail server."""

    async def __call__(self, message: EmailMessage, recipients: Sequence[str]) -> Receipt:
        """Return once the server has taken the mail for at least one address.

        TransientError where a later try may succeed; PermanentError `mail_refused` where none can.
        """
