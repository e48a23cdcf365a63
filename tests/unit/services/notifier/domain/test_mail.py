import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from services.notifier.domain.mail import compose
from services.notifier.domain.message import AttachedRows, local_time
from services.notifier.domain.wording import word
from shared.events.runs import FinishedProblem, ImportFinished, RunCounts, RunError
from tests.unit.services.notifier.finished import (
    ENDED,
    RUN_ID,
    done_with_errors,
    finished,
    refused,
    succeeded,
    waiting,
)

URL = "https://contacts.example"


def mail(
    event: ImportFinished, *, public_url: str | None = URL, failures: int = 0, attached: AttachedRows | None = None
) -> EmailMessage:
    """Return the mail as its reader gets it: through its bytes."""
    composed = compose(
        event,
        ("ops@example.org", "b@example.org"),
        sender="CS <cs@example.org>",
        public_url=public_url,
        failures=failures,
        attached=attached,
    )
    read = email.message_from_bytes(composed.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def bodies(event: ImportFinished, *, public_url: str | None = URL) -> tuple[str, str]:
    message = mail(event, public_url=public_url)
    text, html = (message.get_body([kind]) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


class Words(HTMLParser):
    """What a page shows, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.elements: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.shown.extend(data.replace("\u00a0", " ").split())


def test_the_head() -> None:
    message = mail(finished())
    assert message["From"] == "CS <cs@example.org>"
    assert message["To"] == "ops@example.org, b@example.org"
    assert message["Message-ID"] == f"<run-{RUN_ID}@contacts-sync>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == ENDED
    assert message["Subject"].startswith("Failed: HR file \N{EN DASH} the server")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_run_has_the_same_mail_to_the_byte() -> None:
    assert mail(refused()).as_bytes() == mail(refused()).as_bytes()


def test_what_a_person_reads_who_sees_text_only() -> None:
    text, _ = bodies(finished())
    assert (
        text.replace("\r\n", "\n")
        == f"""“HR file” failed; nothing was changed

WHY
The server hr.example refused the login. Check the login and the password.

CONTACTS
Nothing was changed. The contacts in “Staff” are as they were before.

WHAT TO DO
Mend what is named above. An import with a schedule is tried again at its next time; “Import now” on the import's \
page does so at once.

The run, with everything that is known of it:
{URL}/runs/{RUN_ID}

THE RUN
Import: HR file
Contact manager: Staff
File: staff.csv
Ended: Wednesday, 1 July 2026, 06:30, Europe/Berlin (CEST)
Started by: its schedule

--\N{SPACE}
You get this mail because your address stands in this import's set-up.
"""
    )


def test_figures_and_problems_of_a_run_that_left_rows_out() -> None:
    text, _ = bodies(done_with_errors())
    lines = text.splitlines()
    assert '- Line 1007, column "E-mail": The value in the column "E-mail" is not an e-mail address.' in lines
    assert any(line.startswith("- Line 1020 (warning): The same unique id") for line in lines)
    assert "- and 3 more, all of them on the run's page" in lines
    for figure in ("Rows read: 1,000", "Contacts added: 980", "Contacts deleted: 0", "Rows with errors: 12"):
        assert figure in lines


def test_what_a_refused_file_would_have_done_is_not_told_as_done() -> None:
    text, _ = bodies(refused())
    assert "FIGURES OF THE FILE (nothing of it was applied)" in text
    assert "Contacts to delete: 1,197" in text
    assert "Contacts deleted" not in text


@pytest.mark.parametrize(
    "event", [finished(), refused(), done_with_errors(), finished(dry_run=True), succeeded(), waiting()]
)
def test_html_says_what_the_text_says(event: ImportFinished) -> None:
    text, html = bodies(event)
    shown = " ".join(Words(html).shown)
    wording = word(event)
    for said in (wording.headline, wording.why, wording.contacts, wording.next_step):
        assert said is None or (said in text and said in shown)
    table = text.split("THE RUN")[1].split("\n-- ")[0].splitlines()
    for label, value in (line.split(": ", 1) for line in table if ": " in line):
        assert f"{label} {value}" in shown
    for problem in event.problems:
        assert problem.message in text
        assert f"{problem.line} {problem.column or 'Warning:'} {problem.message}" in shown
    assert f'href="{URL}/runs/{RUN_ID}"' in html


def test_without_a_public_address_there_is_no_link() -> None:
    text, html = bodies(done_with_errors(), public_url=None)
    assert "/runs/" not in text + html
    assert "Open the run" not in html
    assert "run's page" not in text + html


def hostile() -> list[ImportFinished]:
    attack = "<script>alert(1)</script>\"'><img src=x>\r\nBcc: victim@example.org\r\n\r\nbody\u2028x\x85y"
    problem = FinishedProblem(line=None, severity="error", code="x", message=attack, column=attack)
    names = {"import_name": attack, "manager_name": attack, "file_name": attack, "problems": [problem]}
    return [finished(**names, error=RunError(code="x", message=attack)), done_with_errors(**names)]


@pytest.mark.parametrize("event", hostile())
def test_names_and_messages_bring_in_neither_markup_nor_heads_nor_lines(event: ImportFinished) -> None:
    message = mail(event)
    text, html = bodies(event)
    assert message["Bcc"] is None
    assert "Bcc: victim@example.org" in message["Subject"]
    assert len(message.items()) == 9
    assert not Words(html).elements & {"script", "img"}
    assert "&lt;script&gt;" in html
    assert not any(line.startswith(("Bcc", "body", "x", "y")) for line in text.splitlines())


ROWS = AttachedRows("\ufeffName;Line;Reason\r\nZo\u00eb;2;x\r\n".encode(), "utf-8", 1)


def test_rows_that_were_left_out_are_attached_and_told_of() -> None:
    message = mail(done_with_errors(), attached=ROWS)
    assert message.get_content_type() == "multipart/mixed"
    (attached,) = message.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("text/csv", "rejected-rows.csv")
    assert attached.get_payload(decode=True) == ROWS.data
    words = "The first 1 of 12 rows with errors are attached, each with its reason; all of them can be downloaded on"
    for kind in ("plain", "html"):
        part = message.get_body([kind])
        assert part is not None
        assert words in part.get_content().replace("\n", " ")
    assert mail(done_with_errors(), attached=ROWS).as_bytes() == message.as_bytes()


def test_all_attached_rows_are_all() -> None:
    counts = RunCounts(read=2, added=1, rejected=1)
    part = mail(done_with_errors(counts=counts), attached=ROWS).get_body(["plain"])
    assert part is not None
    assert "1 row with errors is attached, each with its reason. Passwords are left out." in part.get_content()


def test_an_address_outside_ascii_stands_in_no_head() -> None:
    heads = [
        compose(finished(), to, sender="cs@example.org", public_url=None)["To"]
        for to in (["zo\u00eb@example.org", "a@example.org"], ["zo\u00eb@example.org"])
    ]
    assert heads == ["a@example.org", "undisclosed-recipients:;"]


def test_dark_and_light_are_both_declared() -> None:
    _, html = bodies(finished())
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "prefers-color-scheme: dark" in html
    assert "http://" not in html, "nothing is loaded from elsewhere"


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Berlin", "Sunday, 25 October 2026, 02:30, Europe/Berlin (CEST)"),
        ("America/Los_Angeles", "Saturday, 24 October 2026, 17:30, America/Los_Angeles (PDT)"),
        ("UTC", "Sunday, 25 October 2026, 00:30, UTC"),
        ("Middle/Earth", "Sunday, 25 October 2026, 00:30, UTC"),
        ("../etc", "Sunday, 25 October 2026, 00:30, UTC"),
    ],
)
def test_the_time_is_that_of_the_imports_zone(zone: str, told: str) -> None:
    assert local_time(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zone) == told
