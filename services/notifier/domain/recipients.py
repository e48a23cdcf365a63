"""Who gets a mail about what."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from email_validator import EmailNotValidError, validate_email

from shared.events.mail_rules import MailRule, MailTopic
from shared.events.runs import ImportFinished

OF_ERROR_EMAILS: Final[frozenset[MailTopic]] = frozenset(
    {"failed", "refused", "succeeded_with_errors", "file_late", "schedule_paused"}
)
"""What an import's addresses for errors are told of, as "How a run ends" in the rules of a synchronization says."""
TROUBLES: Final = frozenset({"failed", "refused", "succeeded_with_errors"})
"""Statuses that can repeat themselves from run to run."""
GOOD: Final = frozenset({"succeeded", "succeeded_with_errors", "unchanged"})
"""Statuses that say that the import works."""
_ENDS: Final[dict[str, MailTopic]] = {
    "failed": "failed",
    "refused": "refused",
    "succeeded_with_errors": "succeeded_with_errors",
    "succeeded": "succeeded",
    "unchanged": "unchanged",
}

# Wider than email-validator's idea of an address: a server of one's own may well be called `localhost`.
_ASCII_ADDRESS: Final = re.compile(r"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Recipients:
    """Addresses that can stand in a mail's head, each in one of the two, in the order of the set-up; often none.

    Those of `daily` are told of the same failure once, and then once a day.
    """

    every_time: tuple[str, ...] = ()
    daily: tuple[str, ...] = ()
    unfit: int = 0
    """Addresses that are none: left out, so that they don't keep the mail from the others."""
    left_out: tuple[str, ...] = field(default=(), compare=False)
    """Those addresses."""
    circles: tuple[frozenset[str], ...] = field(default=(), compare=False)
    """Who stands together in a rule, or among the addresses for errors."""

    def named(self, told: Sequence[str]) -> tuple[str, ...]:
        """Return who stands in the head of a mail to these: all where one rule names them all, otherwise nobody."""
        return tuple(told) if any(circle.issuperset(told) for circle in self.circles) else ()


def says_that_it_works(event: ImportFinished) -> bool:
    """Tell whether a run shows that the import works by itself: not a dry run, and nobody's decision about another."""
    return event.status in GOOD and not event.dry_run and event.trigger not in {"approve", "undo"}


def concerns_the_import(event: ImportFinished) -> bool:
    """Tell whether a run begins, repeats or ends a trouble of its import: dry runs and undos leave it as it is."""
    return event.status in GOOD | TROUBLES and not event.dry_run and event.trigger != "undo"


def topics_of(event: ImportFinished, *, recovered: bool) -> frozenset[MailTopic]:
    """Return what there is to tell of a run; `recovered`: those right before it failed."""
    topics: set[MailTopic] = set()
    if event.status in _ENDS:
        topics.add(_ENDS[event.status])
    if recovered:
        topics.add("recovered")
    if _waits_for_approval(event):
        topics.add("waiting_for_approval")
    return frozenset(topics)


def _waits_for_approval(event: ImportFinished) -> bool:
    counts = event.counts
    if event.status == "planned":
        shows_an_undo = event.trigger == "undo" and event.dry_run
        return not shows_an_undo and counts.added + counts.updated + counts.deleted > 0
    return event.status == "refused"


def recipients_of(error_emails: Sequence[str], rules: Sequence[MailRule], topics: Iterable[MailTopic]) -> Recipients:
    """Return who is to be told of these topics; who is told every time by one rule is not told daily by another."""
    wanted = frozenset(topics)
    every_time = list(error_emails) if wanted & OF_ERROR_EMAILS else []
    daily: list[str] = []
    asking = [rule for rule in rules if wanted & frozenset(rule.about)]
    circles = [frozenset(addresses_of(each)) for each in (every_time, *(rule.to for rule in asking))]
    for rule in asking:
        (daily if rule.repeated == "daily" else every_time).extend(rule.to)
    told = addresses_of(every_time)
    unfit = tuple(each for each in dict.fromkeys([*every_time, *daily]) if _on_the_wire(each.strip()) is None)
    return Recipients(
        told, tuple(each for each in addresses_of(daily) if each not in told), len(unfit), unfit, tuple(circles)
    )


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
