"""The few kinds of error there are; each says what to do next, and carries a stable code."""

from typing import Self

LONGEST_MESSAGE = 2_000
"""Characters; what a message tells of files and servers may be of any length, events and pages are not."""


class ContactsSyncError(Exception):
    """Base of all our errors: `code` is stable and for programs, the message, a whole sentence, for people."""

    def __init__(self, code: str, message: str) -> None:
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]}…"
        sentence = message if message.endswith((".", "?", "!", "…")) else f"{message}."
        super().__init__(sentence)
        self.code = code
        self.message = sentence

    def __str__(self) -> str:
        return self.message


class TransientError(ContactsSyncError):
    """Retry: the same work may succeed later, nothing about it is wrong."""


class PermanentError(ContactsSyncError):
    """Dead-letter: this record can never succeed, and no user can help it."""


class UserError(ContactsSyncError):
    """Tell the user: their input, file or server is the reason; `field` names the input where there is one."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field

    def at(self, field: str) -> Self:
        """Return the same error, naming the input it is about."""
        return type(self)(self.code, self.message, field=field)
