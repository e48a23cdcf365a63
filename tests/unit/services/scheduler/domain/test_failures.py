from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.domain.failures import Consequence, Standing, consequence
from shared.rules.schedule_policy import SchedulePolicy

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TEN = timedelta(minutes=10)
RETRYING = SchedulePolicy(retry_minutes=10, retries=2)
PAUSING = SchedulePolicy(retry_minutes=10, pause_after_failures=3)


@pytest.mark.parametrize(
    ("policy", "standing", "status", "follows"),
    [
        (SchedulePolicy(), Standing(0, 0, None), "failed", Consequence(1)),
        (RETRYING, Standing(0, 0, None), "failed", Consequence(1, NOW + TEN)),
        (RETRYING, Standing(1, 1, NOW + 2 * TEN), "failed", Consequence(2, NOW + TEN)),
        (RETRYING, Standing(2, 2, None), "failed", Consequence(3)),
        (RETRYING, Standing(0, 0, NOW + TEN), "failed", Consequence(1)),
        (RETRYING, Standing(0, 0, None), "refused", Consequence(1)),
        (RETRYING, Standing(5, 1, None), "succeeded_with_errors", Consequence(0)),
        (RETRYING, Standing(5, 1, None), "cancelled", Consequence(5)),
        (PAUSING, Standing(1, 0, None), "failed", Consequence(2, NOW + TEN)),
        (PAUSING, Standing(2, 0, None), "failed", Consequence(3, pauses=True)),
        (PAUSING, Standing(2, 0, None), "refused", Consequence(3, pauses=True)),
        (PAUSING, Standing(9, 0, None), "unchanged", Consequence(0)),
    ],
)
def test_what_follows(policy: SchedulePolicy, standing: Standing, status: str, follows: Consequence) -> None:
    assert consequence(policy, standing, status, NOW) == follows
