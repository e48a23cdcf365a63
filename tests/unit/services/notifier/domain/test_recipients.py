import pytest

from services.notifier.domain.recipients import recipients_of
from tests.unit.services.notifier.finished import finished


@pytest.mark.parametrize("status", ["failed", "refused", "succeeded_with_errors"])
def test_runs_with_a_yellow_mark_tell_the_addresses_of_the_import(status: str) -> None:
    event = finished(status=status, error_emails=["b@example.org", "a@example.org", "b@example.org"])
    assert recipients_of(event) == ("b@example.org", "a@example.org")


@pytest.mark.parametrize("status", ["succeeded", "unchanged", "planned", "cancelled"])
def test_other_runs_tell_nobody(status: str) -> None:
    assert recipients_of(finished(status=status)) == ()


def test_an_import_without_addresses_tells_nobody() -> None:
    assert recipients_of(finished(error_emails=[])) == ()


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b@example.org", "a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "@x.org"],
)
def test_what_is_no_address_does_not_keep_the_mail_from_the_others(address: str) -> None:
    assert recipients_of(finished(error_emails=[address, "ops@localhost"])) == ("ops@localhost",)


def test_domains_outside_ascii_are_sent_in_their_ascii_form() -> None:
    event = finished(error_emails=["ops@straße.example.org", "zoë@bücher.de", "x@bü cher.de"])
    assert recipients_of(event) == ("ops@xn--strae-oqa.example.org", "zoë@xn--bcher-kva.de")
