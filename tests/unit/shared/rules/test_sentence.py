from datetime import datetime

import pytest

from shared.rules.recurrence import Schedule
from shared.rules.sentence import describe

START = datetime(2026, 12, 1, 6, 30)  # noqa: DTZ001 - wall-clock time


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (None, "Once, on 1 December 2026 at 06:30 (Europe/Berlin)."),
        ("FREQ=DAILY", "Every day at 06:30"),
        ("FREQ=DAILY;INTERVAL=3", "Every 3 days at 06:30"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Every weekday at 06:30"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "Every weekday at 06:30"),
        ("FREQ=WEEKLY", "Every week on Tuesday at 06:30"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR", "Every 2 weeks on Monday, Wednesday and Friday at 06:30"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "Every month on day 15 at 06:30"),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1", "Every 2 months on the last day at 06:30"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15,-1,-3",
            "Every month on day 1 and 15, the last day and the 3rd to last day at 06:30",
        ),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "Every month on the last Friday and the first Monday at 06:30"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Every month on the last weekday at 06:30"),
        ("FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=1,-1", "Every month on the first and last Monday or Friday at 06:30"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTH=3,6;BYSETPOS=-1", "Every month on the last Friday in March and June at 06:30"),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYSECOND=1,30;BYSETPOS=1",
            "Every month on each Friday at 06:30:01 and 06:30:30, only the first of these",
        ),
        (
            "FREQ=YEARLY;BYMONTH=3,6;BYDAY=FR;BYSETPOS=-1",
            "Every year on the last Friday of all in March and June at 06:30",
        ),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=FR;BYSETPOS=-1", "Every year on the last Friday in March at 06:30"),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYMONTH=3;BYSETPOS=1",
            "Every week on the week's first weekday in March at 06:30",
        ),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Every month on day 13 if it is Friday at 06:30"),
        ("FREQ=YEARLY", "Every year on 1 December at 06:30"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1", "Every year on 1 March at 06:30"),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO", "Every year on the first Monday in March and September at 06:30"),
        ("FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO", "Every year in week 20 and the last week on Monday at 06:30"),
        ("FREQ=YEARLY;BYWEEKNO=20", "Every year in week 20 on Tuesday at 06:30"),
        ("FREQ=YEARLY;BYDAY=MO", "Every year on each Monday at 06:30"),
        ("FREQ=YEARLY;BYDAY=MO,WE;BYMONTH=3", "Every year on each Monday and each Wednesday in March at 06:30"),
        ("FREQ=MONTHLY;BYDAY=MO", "Every month on each Monday at 06:30"),
        ("FREQ=YEARLY;BYMONTHDAY=1", "Every year on day 1 of each month at 06:30"),
        ("FREQ=YEARLY;BYMONTHDAY=1;BYMONTH=3,9", "Every year on day 1 in March and September at 06:30"),
        ("FREQ=DAILY;BYMONTHDAY=-1", "Every day if it is the last day of the month at 06:30"),
        ("FREQ=DAILY;BYDAY=MO,FR", "Every day if it is Monday or Friday at 06:30"),
        ("FREQ=DAILY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR", "Every 3 days if it is Monday to Friday at 06:30"),
        ("FREQ=YEARLY;BYYEARDAY=100", "Every year on day 100 of the year at 06:30"),
        ("FREQ=DAILY;BYHOUR=6,18", "Every day at 06:30 and 18:30"),
        ("FREQ=DAILY;BYHOUR=6,18;BYSETPOS=-1", "Every day at 06:30 and 18:30, only the last of these"),
    ],
)
def test_patterns(rule: str | None, words: str) -> None:
    ending = "" if rule is None else " (Europe/Berlin), from 1 December 2026."
    assert describe(Schedule(START, "Europe/Berlin", rule)) == words + ending


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=HOURLY;INTERVAL=4", "Every 4 hours"),
        ("FREQ=MINUTELY;INTERVAL=15", "Every 15 minutes"),
        ("FREQ=HOURLY;BYSECOND=5", "Every hour at second 5 of the minute"),
        ("FREQ=HOURLY;BYMONTHDAY=-1", "Every hour on the last day of the month"),
        (
            "FREQ=HOURLY;BYMINUTE=0,30;BYHOUR=8,9,10,14;BYDAY=MO,TU,WE,TH,FR",
            (
                "Every hour from Monday to Friday at minute 0 and 30 of the hour "
                "within the hours 08:00 to 11:00 and 14:00 to 15:00"
            ),
        ),
    ],
)
def test_shorter_ones_begin_at_a_time_of_day(rule: str, words: str) -> None:
    assert describe(Schedule(START, "UTC", rule)) == f"{words} (UTC), from 1 December 2026 at 06:30."


@pytest.mark.parametrize(
    ("schedule", "end"),
    [
        (Schedule(START, "UTC", "FREQ=DAILY", datetime(2027, 1, 31, 23, 59)), ", until 31 January 2027 at 23:59."),  # noqa: DTZ001
        (Schedule(START, "UTC", "FREQ=DAILY;UNTIL=20270101T000000Z"), ", until 1 January 2027 at 00:00 UTC."),
        (Schedule(START, "UTC", "FREQ=DAILY", None, 5), ", 5 times."),
        (Schedule(START, "UTC", "FREQ=DAILY;COUNT=1"), ", once."),
    ],
)
def test_ranges(schedule: Schedule, end: str) -> None:
    assert describe(schedule) == f"Every day at 06:30 (UTC), from 1 December 2026{end}"


def test_seconds_are_shown_where_there_are_some() -> None:
    assert describe(Schedule(START.replace(second=15), "UTC", "FREQ=DAILY")).startswith("Every day at 06:30:15 (UTC)")
