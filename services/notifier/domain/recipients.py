"""Who gets a mail about a run."""

import re
from collections.abc import Sequence
from typing import Final

from email_validator import EmailNotValidError, validate_email

from shared.events.runs import ImportFinished

TELLING: Final = frozenset({"failed", "refused", "succeeded_with_errors"})
"""The statuses that send a mail, as "How a run ends" in the rules of a synchronization says."""

# Wider than email-validator's idea of an address: a server of one's own may well be called `localhost`.
_ASCII_ADDRESS: Final = re.compile(r"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def recipients_of(event: ImportFinished) -> tuple[str, ...]:
    """Return the addresses that are to get a mail, each once, in the order of the set-up; often none.

    What cannot stand in a mail's head as an address is left out, so that it does not keep the mail from the others.
    """
    if event.status not in TELLING:
        return ()
    return addresses_of(event.error_emails)


def addresses_of(emails: Sequence[str]) -> tuple[str, ...]:
    """Return those that can stand in a mail's head, each once, in their order."""
    addresses = (_on_the_wire(address.strip()) for address in emails)
    return tuple(dict.fromkeys(address for address in addresses if address))


def _on_the_wire(address: str) -> str | None:
    """Return the address with its domain in ASCII, or None where it is not one."""
    if address.isascii():
        return address if _ASCII_ADDRESS.fullmatch(address) else None
    try:
        read = validate_email(address, check_deliverability=False, test_environment=True, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return f"{read.local_part}@{read.ascii_domain}"
