"""A schedule that goes through the form comes out the same."""

from datetime import datetime, time

import pytest

from services.web.forms.import_input import ScheduleInput
from services.web.forms.schedule_form import schedule_document, schedule_values
from shared.errors import UserError
from shared.rules.recurrence_rule import parse_rule

START = datetime(2026, 12, 1, 6, 30)  # noqa: DTZ001 - wall-clock time
UNTIL = datetime(2027, 1, 31, 23, 59, 59)  # noqa: DTZ001 - likewise


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        ScheduleInput(start=START, time_zone="UTC"),
        ScheduleInput(start=START, time_zone="Europe/Berlin", rrule="FREQ=DAILY;INTERVAL=3"),
        ScheduleInput(start=START, time_zone="UTC", rrule="FREQ=DAILY", until=UNTIL),
        ScheduleInput(
            start=START, time_zone="UTC", rrule="FREQ=DAILY", until=UNTIL.replace(hour=6, minute=0, second=0)
        ),
        ScheduleInput(
            start=START.replace(second=15), time_zone="UTC", rrule="FREQ=DAILY", until=UNTIL.replace(second=7)
        ),
        ScheduleInput(start=START, time_zone="UTC", rrule="FREQ=DAILY", file_by=time(9, 30, 59)),
        ScheduleInput(start=START, time_zone="UTC", rrule="FREQ=DAILY", count=5),
        *(
            ScheduleInput(start=START, time_zone="UTC", rrule=rule)
            for rule in (
                *("FREQ=HOURLY;INTERVAL=4", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
                *("FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=-1SU"),
                *("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
                *("FREQ=MINUTELY;INTERVAL=15;BYHOUR=8,9", "FREQ=DAILY;UNTIL=20270101T000000Z"),
            )
        ),
        ScheduleInput(
            start=START,
            time_zone="UTC",
            rrule="FREQ=DAILY",
            spread_minutes=10,
            retry_minutes=15,
            retries=5,
            pause_after_failures=3,
            file_by=time(9, 30),
        ),
    ],
)
def test_what_was_saved_is_shown_and_saved_again_alike(schedule: ScheduleInput | None) -> None:
    document = schedule_document(schedule_values(schedule))
    assert (ScheduleInput.model_validate(document) if document else None) == schedule


def test_an_end_counts_only_where_there_is_a_recurrence() -> None:
    values = {"repeat": "once", "start": "2026-12-01T06:30", "time_zone": "UTC", "end": "count", "count": "3"}
    document = schedule_document(values)
    assert document
    assert document["count"] is None


@pytest.mark.parametrize("days", ["x", "0", "-1", "1.5", "99999999999"])
def test_what_is_no_number_makes_a_rule_that_is_refused(days: str) -> None:
    document = schedule_document(
        {"repeat": "daily", "every_days": days, "start": "2026-12-01T06:30", "time_zone": "UTC"}
    )
    assert document
    with pytest.raises(UserError, match="INTERVAL"):
        parse_rule(document["rrule"])
