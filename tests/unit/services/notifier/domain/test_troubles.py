from datetime import timedelta

from services.notifier.domain.troubles import Trouble, after_run
from shared.events.runs import RunError
from tests.unit.services.notifier.finished import ENDED, finished, refused, succeeded

HOUR = timedelta(hours=1)
FIRST = Trouble("failed login_refused", ENDED, ENDED, 0, ENDED)


def test_the_first_failure_is_news() -> None:
    assert after_run(None, finished()) == (FIRST, True)


def test_the_same_again_is_counted_and_no_news() -> None:
    again = finished(finished_at=ENDED + HOUR)
    assert after_run(FIRST, again) == (Trouble(FIRST.reason, ENDED, ENDED, 1, ENDED + HOUR), False)


def test_another_failure_is_news_and_begins_anew() -> None:
    later = ENDED + HOUR
    error = RunError(code="not_found", message="There is no such file.")
    for other in (finished(finished_at=later, error=error), refused(finished_at=later)):
        trouble, is_news = after_run(FIRST, other)
        assert is_news
        assert trouble is not None
        assert (trouble.began_at, trouble.told_at, trouble.untold) == (later, later, 0)


def test_a_run_that_works_ends_it() -> None:
    assert after_run(FIRST, succeeded(finished_at=ENDED + HOUR)) == (None, False)
    assert after_run(None, succeeded()) == (None, False)


def test_events_that_come_late_end_and_begin_nothing() -> None:
    early = ENDED - HOUR
    assert after_run(FIRST, succeeded(finished_at=early)) == (FIRST, False)
    assert after_run(FIRST, refused(finished_at=early)) == (FIRST, True)
    trouble, is_news = after_run(FIRST, finished(finished_at=early))
    assert not is_news
    assert trouble is not None
    assert (trouble.untold, trouble.last_at) == (1, ENDED)
