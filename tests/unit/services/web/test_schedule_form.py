"""A schedule that goes through the form comes out the same."""

from datetime import datetime

import pytest

from services.web.forms.import_input import ScheduleInput
from services.web.forms.schedule_form import schedule_document, schedule_values

START = datetime(2026, 12, 1, 6, 30)  # noqa: DTZ001 - wall-clock time
UNTIL = datetime(2027, 1, 31, 23, 59, 59)  # noqa: DTZ001 - likewise


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        ScheduleInput(start=START, time_zone="UTC"),
        ScheduleInput(start=START, time_zone="Europe/Berlin", rrule="FREQ=DAILY;INTERVAL=3"),
        ScheduleInput(start=START, time_zone="UTC", rrule="FREQ=DAILY;INTERVAL=1", until=UNTIL),
        ScheduleInput(start=START, time_zone="UTC", rrule="FREQ=DAILY;INTERVAL=1", count=5),
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
