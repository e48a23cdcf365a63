from datetime import timedelta

from services.notifier.domain.retries import next_try
from tests.unit.services.notifier.finished import ENDED


def test_waits_grow_and_end_after_a_day() -> None:
    now, tries, waits = ENDED, 0, []
    while (again := next_try(now, tries, ENDED)) is not None:
        waits.append(again - now)
        now, tries = again, tries + 1
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]
    assert waits[-1] == timedelta(minutes=30)
    assert timedelta(days=1) < now - ENDED <= timedelta(days=1, minutes=30)
    assert len(waits) < 70
