from email.message import EmailMessage

import pytest

from services.notifier.domain.warning_mail import compose_warning
from tests.unit.services.notifier.warned import warned


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize(
    ("warning", "subject"),
    [
        ("file_late", "File late: HR file \N{EN DASH} nothing was changed"),
        ("schedule_paused", "Paused: HR file \N{EN DASH} it failed too often"),
    ],
)
def test_a_warning_says_what_why_and_what_to_do(warning: str, subject: str) -> None:
    event = warned(warning=warning)
    message = compose_warning(event, ["ops@example.org"], sender="cs@example.org", public_url="https://cs.example/")
    assert message["Subject"] == subject
    assert message["Message-ID"] == f"<warning-{event.event_id}@contacts-sync>"
    text = text_of(message)
    for words in (
        event.message,
        "WHAT TO DO",
        "THE IMPORT",
        "Contact manager: Staff",
        f"/imports/{event.import_id}/runs",
    ):
        assert words in text
    html = message.get_body(("html",))
    assert html is not None
    assert "Open the import" in html.get_content()
    again = compose_warning(event, ["ops@example.org"], sender="cs@example.org", public_url="https://cs.example/")
    assert again.as_bytes() == message.as_bytes()


def test_times_are_those_of_the_import() -> None:
    message = compose_warning(warned(), ["ops@example.org"], sender="cs@example.org", public_url=None)
    assert "Expected by: Wednesday, 1 July 2026, 09:00, Europe/Berlin" in text_of(message)


def test_names_cannot_break_the_head() -> None:
    event = warned(import_name="HR\r\nBcc: x@example.org")
    message = compose_warning(event, ["ops@example.org"], sender="cs@example.org", public_url=None)
    assert "Bcc" not in message
