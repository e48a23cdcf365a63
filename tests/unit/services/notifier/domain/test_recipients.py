from typing import Any

import pytest

from services.notifier.domain.recipients import (
    OF_ERROR_EMAILS,
    Recipients,
    concerns_the_import,
    recipients_of,
    says_that_it_works,
    topics_of,
)
from shared.events.mail_rules import MailRule
from shared.events.runs import ImportFinished, RunCounts
from tests.unit.services.notifier.finished import finished, refused, succeeded, waiting


def told(event: ImportFinished, *, recovered: bool = False) -> Recipients:
    return recipients_of(event.error_emails, event.mails, topics_of(event, recovered=recovered))


@pytest.mark.parametrize("status", ["failed", "refused", "succeeded_with_errors"])
def test_runs_with_a_yellow_mark_tell_the_addresses_of_the_import(status: str) -> None:
    event = finished(status=status, error_emails=["b@example.org", "a@example.org", "b@example.org"])
    assert told(event) == Recipients(("b@example.org", "a@example.org"))


@pytest.mark.parametrize("status", ["succeeded", "unchanged", "planned", "cancelled"])
def test_other_runs_tell_nobody(status: str) -> None:
    assert told(finished(status=status), recovered=True) == Recipients()


def test_an_import_without_addresses_tells_nobody() -> None:
    assert told(finished(error_emails=[])) == Recipients()


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b@example.org", "a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "@x.org"],
)
def test_what_is_no_address_does_not_keep_the_mail_from_the_others(address: str) -> None:
    assert told(finished(error_emails=[address, "ops@localhost"])) == Recipients(("ops@localhost",), unfit=1)


def test_domains_outside_ascii_are_sent_in_their_ascii_form() -> None:
    event = finished(error_emails=["ops@stra\u00dfe.example.org", "zo\u00eb@b\u00fccher.de", "x@b\u00fc cher.de"])
    assert told(event).every_time == ("ops@xn--strae-oqa.example.org", "zo\u00eb@xn--bcher-kva.de")


def rules(**about: Any) -> list[MailRule]:
    return [MailRule(to=[f"{name}@example.org"], about=topics) for name, topics in about.items()]


@pytest.mark.parametrize(
    ("event", "recovered", "who"),
    [
        (succeeded(), False, ["done"]),
        (succeeded(), True, ["done", "again"]),
        (finished(status="unchanged"), True, ["again", "same"]),
        (refused(), False, ["approver"]),
        (waiting(), False, ["approver"]),
        (waiting(counts=RunCounts(read=3, unchanged=3)), False, []),
        (waiting(trigger="undo"), False, []),
        (waiting(dry_run=False), False, ["approver"]),
        (finished(), False, []),
        (finished(status="cancelled"), False, []),
    ],
)
def test_rules_say_who_is_told_of_what(event: ImportFinished, recovered: bool, who: list[str]) -> None:  # noqa: FBT001
    wanted = rules(done=["succeeded"], again=["recovered"], same=["unchanged"], approver=["waiting_for_approval"])
    event = event.model_copy(update={"error_emails": [], "mails": wanted})
    assert told(event, recovered=recovered).every_time == tuple(f"{name}@example.org" for name in who)


def test_who_is_told_every_time_is_not_told_daily_too() -> None:
    daily = MailRule(to=["ops@example.org", "boss@example.org"], about=["failed"], repeated="daily")
    assert told(finished(mails=[daily])) == Recipients(("ops@example.org",), ("boss@example.org",))


def test_addresses_for_errors_are_told_of_late_files_and_pauses() -> None:
    for topic in ("file_late", "schedule_paused"):
        assert topic in OF_ERROR_EMAILS
        assert recipients_of(["a@example.org"], [], [topic]).every_time == ("a@example.org",)


def test_what_a_person_decided_does_not_show_that_an_import_works() -> None:
    assert says_that_it_works(succeeded())
    assert not says_that_it_works(succeeded(trigger="approve"))
    assert not says_that_it_works(succeeded(dry_run=True))
    assert concerns_the_import(finished())
    assert not concerns_the_import(waiting())
    assert not concerns_the_import(succeeded(trigger="undo"))
