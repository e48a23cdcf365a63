from uuid import UUID

import pytest

from services.notifier.domain.summary_mail import compose_summary
from services.notifier.domain.troubles import Trouble
from shared.events.runs import ImportFinished, RunError
from tests.unit.services.notifier.finished import ENDED, RUN_ID, done_with_errors, finished, refused

DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("event", "untold", "subject"),
    [
        (finished(), 23, f"Still failing: HR file {DASH} 23 more runs failed: the server hr.example refused the login"),
        (
            refused(),
            1,
            f"Still refused: HR file {DASH} 1 more run was refused: 10 % or less of the contacts are in the file",
        ),
        (
            done_with_errors(),
            2,
            f"Still with errors: HR file {DASH} 2 more runs left rows out: with errors as before",
        ),
    ],
)
def test_a_summary_says_how_often_and_why(event: ImportFinished, untold: int, subject: str) -> None:
    trouble = Trouble("x", ENDED, ENDED, untold, ENDED)
    message = compose_summary(
        UUID(int=9), trouble, event, ["ops@example.org"], sender="cs@example.org", public_url="https://cs.example"
    )
    assert message["Subject"] == subject
    assert message["Message-ID"] == f"<summary-{UUID(int=9)}@contacts-sync>"
    text = message.get_body(("plain",))
    assert text is not None
    for words in (
        "You are told once a day",
        "Since: Wednesday, 1 July 2026, 06:30",
        f"https://cs.example/runs/{RUN_ID}",
    ):
        assert words in text.get_content()


def test_names_and_reasons_bring_in_neither_markup_nor_heads() -> None:
    attack = "<script>alert(1)</script>\r\nBcc: victim@example.org\r\n\r\nbody"
    event = finished(import_name=attack, manager_name=attack, error=RunError(code="x", message=attack))
    trouble = Trouble("x", ENDED, ENDED, 2, ENDED)
    message = compose_summary(UUID(int=9), trouble, event, ["a@example.org"], sender="cs@example.org", public_url=None)
    assert message["Bcc"] is None
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "<script>" not in html.get_content()
    assert not any(line.startswith(("Bcc", "body")) for line in text.get_content().splitlines())
