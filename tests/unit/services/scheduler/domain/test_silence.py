from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.domain.silence import Remedy, Watched, remedy, silent_from

BEAT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_run_is_silent_after_fifteen_seconds_and_twice_the_waiting_time() -> None:
    assert silent_from(Watched("fetching", 1, BEAT, timedelta(0))) == BEAT + timedelta(seconds=15)
    assert silent_from(Watched("staging", 1, BEAT, timedelta(seconds=40))) == BEAT + timedelta(seconds=95)
    crowd = silent_from(Watched("staging", 1, BEAT, timedelta(seconds=2)), others_waited=timedelta(seconds=40))
    assert crowd == BEAT + timedelta(seconds=95)


def test_a_run_that_nobody_has_taken_up_is_given_longer_with_each_attempt_and_as_others_had_to_wait() -> None:
    def seconds(attempt: int, others: int = 0) -> float:
        run = Watched("fetching", attempt, BEAT, timedelta(0), taken_up=False)
        return (silent_from(run, timedelta(seconds=others)) - BEAT).total_seconds()

    assert [seconds(attempt) for attempt in (1, 2, 3, 6, 99)] == [60, 120, 240, 480, 480]
    assert seconds(1, others=100) == 260
    assert remedy(Watched("fetching", 99, BEAT, timedelta(0), taken_up=False), most_attempts=10) is Remedy.ASK_AGAIN


@pytest.mark.parametrize(
    ("status", "attempt", "what"),
    [
        ("fetching", 1, Remedy.ASK_AGAIN),
        ("staging", 9, Remedy.ASK_AGAIN),
        ("staging", 10, Remedy.GIVE_UP),
        ("planning", 10, Remedy.ASK_TO_APPLY),
        ("applying", 1, Remedy.ASK_TO_APPLY),
    ],
)
def test_what_a_silent_run_needs(status: str, attempt: int, what: Remedy) -> None:
    assert remedy(Watched(status, attempt, BEAT, timedelta(0)), most_attempts=10) is what
