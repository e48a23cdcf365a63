from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.domain.webhook_retries import DELAYS, LONGEST_WAIT, Answer, next_wait, retry_after_of

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_waits_grow_for_three_days_and_then_end() -> None:
    waits = [next_wait(tries, None, lambda: 0.0) for tries in range(1, 11)]
    assert waits == [*DELAYS, None]
    assert list(DELAYS) == sorted(DELAYS)
    assert timedelta(days=3) < sum(DELAYS, timedelta()) < timedelta(days=4)


def test_chance_makes_waits_longer_and_never_shorter() -> None:
    assert next_wait(2, None, lambda: 1.0) == DELAYS[1] * 1.2
    assert next_wait(2, None, lambda: 0.0) == DELAYS[1]


def test_a_receiver_is_not_tried_sooner_than_it_asks_for() -> None:
    assert next_wait(1, timedelta(hours=1), lambda: 0.0) == timedelta(hours=1)
    assert next_wait(4, timedelta(hours=1), lambda: 0.0) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta()),
        ("9" * 400, LONGEST_WAIT),
        ("Sat, 28 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sat, 28 Nov 2026 11:00:00 GMT", timedelta()),
        ("Sat, 28 Nov 2099 11:00:00 GMT", LONGEST_WAIT),
        ("Sat, 28 Nov 2026 12:00:30", timedelta(seconds=30)),
        *((text, None) for text in ("soon", "-5", "1.5", "²", "", "Sat, 99 Nov 2026 12:00:30 GMT")),
    ],
)
def test_retry_after(header: str | None, wait: timedelta | None) -> None:
    assert retry_after_of(header, NOW) == wait


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(200, "taken"), (204, "taken"), (299, "taken"), (301, "failed"), (400, "failed"), (410, "gone"), (500, "failed")],
)
def test_what_statuses_mean(status: int, meaning: str) -> None:
    assert Answer(status).meaning == meaning


def test_words_for_what_failed() -> None:
    assert Answer(text="Nothing answers there.").words == "Nothing answers there."
    assert Answer(500, "oops").words == "It answered 500: oops"
    assert Answer(302, "moved").words == "It answered 302: redirects are not followed."
    assert Answer().meaning == "failed"
