"""What a mail server says of an address, in our words: its own may hold what is nobody's business."""

import re
from dataclasses import dataclass
from typing import Final, Self

_PERMANENT: Final = 500
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_WANTS_LOGIN: Final = frozenset({530, 534, 535, 538})
"""Answers that mean our login or TLS, not an address, whatever they answer (RFC 4954)."""

_MAY_BE_OURS: Final = frozenset(
    {"1.7", "1.8", "5.0", "5.1", "7.0", "7.1", "7.8", "7.9", "7.10", "7.11", "7.14", "7.23", "7.25", "7.26"}
)
"""What servers say of the sender, its login, its network or its commands (RFC 3463 and the registry that it began).

Many check those as late as the first recipient, and answer that. Of lists and closed groups some say 7.1 as well.
"""
_BY_STATUS: Final = {
    "1.1": "there is no such address",
    "1.2": "there is no such domain",
    "1.3": "the address is not valid",
    "1.6": "the address has moved",
    "1.10": "the domain takes no mail",
    "2.1": "the mailbox is closed",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large",
    "3.4": "the mail is too large",
    "6.7": "the mail server takes ASCII addresses only",
}
"""The last two parts of an enhanced status code (RFC 3463), of which the first says for how long."""
_BY_CODE: Final = {
    421: "the mail server is busy",
    450: "the mail server asks to try again later",
    451: "the mail server asks to try again later",
    452: "the mail server, or the mailbox, is full",
    550: "the mail server does not take mail for it",
    551: "the address has moved",
    552: "the mailbox is full, or the mail too large",
    553: "the address is not valid",
}


@dataclass(frozen=True)
class Answer:
    """A reply: its code, and its enhanced status code where it has one."""

    code: int
    status: str | None = None

    @classmethod
    def of(cls, code: int, text: str) -> Self:
        """Read it from what the server wrote."""
        found = _STATUS.match(text.strip())
        return cls(code, found[0] if found else None)

    @property
    def is_final(self) -> bool:
        """Tell whether trying again is of no use."""
        return self.code >= _PERMANENT and not self.wants_login

    @property
    def wants_login(self) -> bool:
        """Tell whether it is about our login, or TLS, and not about the mail."""
        return self.code in _WANTS_LOGIN

    @property
    def may_be_ours(self) -> bool:
        """Tell whether what is refused for good may be our login, sender or network, and not the address answered."""
        return self.is_final and self._detail in _MAY_BE_OURS

    @property
    def numbers(self) -> str:
        """Return the codes, as those who run mail servers look for them."""
        return f"{self.code} {self.status}" if self.status else str(self.code)

    @property
    def words(self) -> str:
        """Return what it means, with the codes."""
        detail = self._detail
        policy = "the mail server does not allow it" if detail.startswith("7.") and self.is_final else None
        meaning = _BY_STATUS.get(detail) or policy or _BY_CODE.get(self.code) or "the mail server refused it"
        return f"{meaning} ({self.numbers})"

    @property
    def _detail(self) -> str:
        return (self.status or "").partition(".")[2]


ASCII_ONLY: Final = Answer(553, "5.6.7")
"""What is said of an address with other letters before the @ where the server cannot take it."""
