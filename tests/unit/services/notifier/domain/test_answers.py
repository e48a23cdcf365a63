import pytest

from services.notifier.domain.answers import Answer


@pytest.mark.parametrize(
    ("code", "text", "words", "final"),
    [
        (550, "5.1.1 <a@b.example>: no such user", "there is no such address (550 5.1.1)", True),
        (552, "5.2.2 over quota", "the mailbox is full (552 5.2.2)", True),
        (452, "4.2.2 over quota", "the mailbox is full (452 4.2.2)", False),
        (554, "5.7.1 blocked, see https://x.example", "the mail server does not allow it (554 5.7.1)", True),
        (450, "4.7.1 greylisted", "the mail server asks to try again later (450 4.7.1)", False),
        (550, "a@b.example unknown", "the mail server does not take mail for it (550)", True),
        (599, "", "the mail server refused it (599)", True),
        (550, "5.1.1111 no code", "the mail server does not take mail for it (550)", True),
    ],
)
def test_answers_in_our_words(code: int, text: str, words: str, final: bool) -> None:  # noqa: FBT001
    answer = Answer.of(code, text)
    assert (answer.words, answer.is_final) == (words, final)


def test_a_login_that_is_wanted_is_no_answer_about_an_address() -> None:
    answer = Answer.of(530, "5.7.0 Authentication required")
    assert answer.wants_login
    assert not answer.is_final


@pytest.mark.parametrize(
    ("code", "text", "may_be"),
    [
        (554, "5.7.1 <x@example.org>: Relay access denied", True),
        (553, "5.7.1 <cs@example.org>: Sender address rejected: not owned by user", True),
        (550, "5.1.8 <cs@example.org>: Sender address rejected: Domain not found", True),
        (535, "5.7.8 Authentication credentials invalid", False),
        (550, "5.1.1 no such user", False),
        (550, "5.7.2 no mails to this list", False),
        (450, "4.7.1 greylisted", False),
        (554, "Relay access denied", False),
    ],
)
def test_some_refusals_of_an_address_may_be_about_the_sender(code: int, text: str, may_be: bool) -> None:  # noqa: FBT001
    assert Answer.of(code, text).may_be_ours is may_be
