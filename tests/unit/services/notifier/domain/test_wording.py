import pytest

from services.notifier.domain.text import first_clause, one_line
from services.notifier.domain.wording import word
from shared.events.runs import RunCounts, RunError
from tests.unit.services.notifier.finished import done_with_errors, finished, refused, succeeded, waiting

DASH = "\N{EN DASH}"


def test_failed() -> None:
    wording = word(finished())
    assert wording.subject == (f"Failed: HR file {DASH} the server hr.example refused the login (nothing was changed)")
    assert wording.headline == "“HR file” failed; nothing was changed"
    assert wording.why == "The server hr.example refused the login. Check the login and the password."
    assert wording.contacts == "Nothing was changed. The contacts in “Staff” are as they were before."
    assert "“Import now”" in wording.next_step
    assert wording.tone == "bad"


def test_failed_for_a_reason_that_nobody_recorded() -> None:
    wording = word(finished(error=None))
    assert wording.subject == f"Failed: HR file {DASH} the reason was not recorded (nothing was changed)"


def test_refused() -> None:
    wording = word(refused())
    why = "10 % or less of the contacts are in the file"
    expected = f"Refused: HR file {DASH} {why} (2 to add, 1,197 to delete; nothing was changed)"
    assert wording.subject == expected
    assert wording.headline == "“HR file” was refused; nothing was changed"
    assert wording.why is not None
    assert "1,200 contacts" in wording.why
    assert "put the right one in its place" in wording.next_step


def test_a_failure_after_rows_were_read_counts_them() -> None:
    wording = word(finished(counts=RunCounts(read=1200, rejected=300)))
    assert wording.subject.endswith("(1,200 rows read, 300 with errors; nothing was changed)")


def test_succeeded() -> None:
    wording = word(succeeded())
    assert wording.subject == f"Done: HR file {DASH} 12 added, 3 updated, 2 deleted"
    assert (wording.tone, wording.why) == ("good", None)
    assert wording.contacts == "In “Staff”: 12 added, 3 updated, 2 deleted."


def test_recovered() -> None:
    assert (
        word(succeeded(), 3).subject == f"Works again after 3 failures: HR file {DASH} 12 added, 3 updated, 2 deleted"
    )
    assert word(succeeded(), 1).headline == "“HR file” works again after 1 failure"
    with_errors = word(done_with_errors(), 2).subject
    assert with_errors.startswith(f"Works again after 2 failures, with 12 errors: HR file {DASH} 980 added")
    unchanged = word(finished(status="unchanged", error=None), 2)
    assert unchanged.subject == f"Works again after 2 failures: HR file {DASH} no contact changed"


def test_unchanged_and_taken_back() -> None:
    unchanged = word(finished(status="unchanged", error=None))
    assert unchanged.subject == f"Not changed: HR file {DASH} no contact changed"
    assert word(succeeded(trigger="undo")).subject.startswith("Taken back: HR file")


def test_waiting_for_approval() -> None:
    wording = word(waiting())
    assert wording.subject == f"Waiting for approval: HR file {DASH} 12 to add, 3 to update, 2 to delete"
    assert "approve it there" in wording.next_step


def test_done_with_errors() -> None:
    wording = word(done_with_errors())
    assert wording.subject == f"Done with 12 errors: HR file {DASH} 980 added, 3 updated, 12 left out"
    assert wording.why == "12 rows of 1,000 could not be taken and were left out; all others were imported."
    assert wording.contacts == "In “Staff”: 980 added, 3 updated."


def test_done_with_one_error_and_no_change() -> None:
    wording = word(done_with_errors(counts=RunCounts(read=3, unchanged=2, rejected=1)))
    assert wording.subject == f"Done with 1 error: HR file {DASH} no contact changed, 1 left out"
    assert wording.why == "1 row of 3 could not be taken and was left out; all others were imported."


def test_done_with_warnings_only() -> None:
    wording = word(done_with_errors(counts=RunCounts(read=3, added=2, duplicates=1), problem_count=1))
    assert wording.subject == f"Done with 1 warning: HR file {DASH} 2 added"
    assert wording.why is None
    assert "warnings below" in wording.next_step


def test_long_names_and_reasons_leave_a_subject_that_can_be_read() -> None:
    error = RunError(code="x", message="W" + "ord word" * 200)
    subject = word(finished(import_name="N" * 300, error=error)).subject
    assert len(subject) < 220
    assert subject.endswith("… (nothing was changed)")


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        ("The file is empty: it has no bytes at all", "the file is empty: it has no bytes at all"),
        ("Nothing answers on hr.example, port 22.", "nothing answers on hr.example, port 22"),
        ("There is no server called hr.example. Check the link.", "there is no server called hr.example"),
        ("A quote that opens on line 5 is never closed: " + "close it, or double it " * 9,
         "a quote that opens on line 5 is never closed"),
        ("TLS failed.", "TLS failed"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_clause_of_a_message(message: str, clause: str) -> None:
    assert first_clause(message) == clause


def test_one_line_takes_out_whatever_ends_or_turns_a_line() -> None:
    assert one_line(" a\r\nb\u2028c\x85d\x00e\u202ef\tg ") == "a b c d e f g"
    assert one_line("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("ne\u200cwlin\u00e9") == "ne\u200cwlin\u00e9"
