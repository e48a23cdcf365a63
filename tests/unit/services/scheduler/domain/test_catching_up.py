from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.scheduler.domain.catching_up import judge_due
from shared.rules.due import MOST_COUNTED, Pause
from shared.rules.recurrence import Schedule

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ID = UUID(int=1000)
EVERY_FIVE = Schedule(datetime(2026, 1, 1), "UTC", "FREQ=MINUTELY;INTERVAL=5")  # noqa: DTZ001 - wall clock


def test_after_a_very_long_outage_the_newest_time_runs() -> None:
    end = NOW + timedelta(days=60) + 2 * MINUTE
    due = judge_due(EVERY_FIVE, ID, NOW, end, None, retry=False)
    assert due.due_at == end - 2 * MINUTE
    assert due.next_at == end + 3 * MINUTE
    assert len(due.missed) == MOST_COUNTED


def test_a_pause_that_took_the_newest_times_of_a_very_long_outage() -> None:
    end = NOW + timedelta(days=60)
    due = judge_due(EVERY_FIVE, ID, NOW, end, Pause(end - timedelta(days=1), None), retry=False)
    assert (due.next_at, len(due.missed), due.in_pause) == (None, MOST_COUNTED, True)
    since = judge_due(EVERY_FIVE, ID, NOW, end, Pause(end - timedelta(days=1), end - MINUTE), retry=False)
    assert (since.due_at, len(since.missed), since.in_pause) == (end, MOST_COUNTED, False)
