from datetime import UTC, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.recurrence import Schedule, describe, next_occurrence, upcoming, validate

DAILY = "FREQ=DAILY"


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(start: str, rrule: str | None = DAILY, until: datetime | None = None, count: int | None = None) -> Schedule:
    return Schedule(wall(start), "Europe/Berlin", rrule, until, count)


def test_once() -> None:
    schedule = berlin("2026-12-01T06:30", None)
    assert next_occurrence(schedule, utc("2026-11-01T00:00")) == utc("2026-12-01T05:30")
    assert next_occurrence(schedule, utc("2026-12-01T05:30")) is None
    assert upcoming(schedule, utc("2026-11-01T00:00")) == [utc("2026-12-01T05:30")]


def test_strictly_after() -> None:
    schedule = berlin("2026-12-01T06:30")
    assert next_occurrence(schedule, utc("2026-12-01T05:29:59")) == utc("2026-12-01T05:30")
    assert next_occurrence(schedule, utc("2026-12-01T05:30")) == utc("2026-12-02T05:30")
    assert next_occurrence(schedule, utc("2000-01-01T00:00")) == utc("2026-12-01T05:30")


def test_the_moment_may_be_in_any_zone() -> None:
    after = datetime(2026, 12, 1, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert next_occurrence(berlin("2026-12-01T06:30"), after) == utc("2026-12-02T05:30")


def test_the_wall_clock_time_stays_when_clocks_change() -> None:
    assert upcoming(berlin("2026-10-24T06:30"), utc("2026-10-24T00:00"), 3) == [
        utc("2026-10-24T04:30"),
        utc("2026-10-25T05:30"),
        utc("2026-10-26T05:30"),
    ]


def test_a_skipped_time_is_due_at_the_first_instant_after_the_gap() -> None:
    assert upcoming(berlin("2026-03-28T02:30"), utc("2026-03-28T00:00"), 3) == [
        utc("2026-03-28T01:30"),
        utc("2026-03-29T01:00"),
        utc("2026-03-30T00:30"),
    ]


@pytest.mark.parametrize("time", ["02:00", "02:59:59", "02:15:30.5"])
def test_every_skipped_time_is_due_at_the_same_instant(time: str) -> None:
    assert next_occurrence(berlin(f"2026-03-29T{time}", None), utc("2026-01-01T00:00")) == utc("2026-03-29T01:00")


@pytest.mark.parametrize(("time", "due"), [("01:59:59", "00:59:59"), ("03:00", "01:00")])
def test_the_edges_of_a_gap_are_times_like_others(time: str, due: str) -> None:
    assert next_occurrence(berlin(f"2026-03-29T{time}", None), utc("2026-01-01T00:00")) == utc(f"2026-03-29T{due}")


def test_a_repeated_time_is_due_once_the_first_time() -> None:
    assert upcoming(berlin("2026-10-24T02:30"), utc("2026-10-24T01:00"), 2) == [
        utc("2026-10-25T00:30"),
        utc("2026-10-26T01:30"),
    ]
    assert next_occurrence(berlin("2026-10-25T02:30", None), utc("2026-10-25T00:30")) is None


def test_a_gap_of_a_whole_day() -> None:
    schedule = Schedule(wall("2011-12-29T10:00"), "Pacific/Apia", DAILY)
    assert upcoming(schedule, utc("2011-12-29T00:00"), 3) == [
        utc("2011-12-29T20:00"),
        utc("2011-12-30T10:00"),
        utc("2011-12-30T20:00"),
    ]


def test_a_gap_of_half_an_hour() -> None:
    schedule = Schedule(wall("2026-10-04T02:15"), "Australia/Lord_Howe")
    assert next_occurrence(schedule, utc("2026-01-01T00:00")) == utc("2026-10-03T15:30")


def test_interval() -> None:
    schedule = berlin("2026-12-01T06:30", "FREQ=DAILY;INTERVAL=3")
    assert upcoming(schedule, utc("2026-12-01T05:30"), 2) == [
        utc("2026-12-04T05:30"),
        utc("2026-12-07T05:30"),
    ]


def test_until_counts_itself_by_the_wall_clock() -> None:
    schedule = berlin("2026-12-01T06:30", until=wall("2026-12-03T06:30"))
    assert len(upcoming(schedule, utc("2026-01-01T00:00"))) == 3
    schedule = berlin("2026-12-01T06:30", until=wall("2026-12-03T06:29"))
    assert len(upcoming(schedule, utc("2026-01-01T00:00"))) == 2


def test_count() -> None:
    schedule = berlin("2026-12-01T06:30", count=2)
    assert upcoming(schedule, utc("2026-01-01T00:00")) == [utc("2026-12-01T05:30"), utc("2026-12-02T05:30")]
    assert next_occurrence(schedule, utc("2026-12-02T05:30")) is None


def test_time_does_not_grow_with_age() -> None:
    schedule = Schedule(wall("0002-01-01T00:00"), "Europe/Berlin", DAILY)
    begun = perf_counter()
    for _ in range(100):
        assert next_occurrence(schedule, utc("2026-06-01T00:00")) == utc("2026-06-01T22:00")
    assert perf_counter() - begun < 1  # walking takes minutes


def test_the_end_of_time() -> None:
    assert next_occurrence(berlin("9999-12-30T06:30"), utc("9999-12-31T06:30")) is None
    assert next_occurrence(berlin("2026-01-01T06:30", "FREQ=DAILY;INTERVAL=3000000"), utc("2027-01-01T00:00")) is None
    assert next_occurrence(berlin("2026-01-01T06:30"), datetime.max.replace(tzinfo=UTC)) is None


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Tokyo", "Australia/Lord_Howe"])
TIMES = st.datetimes(wall("2009-01-01"), wall("2013-01-01")).map(lambda time: time.replace(second=0, microsecond=0))


@given(TIMES, TIMES, ZONES, st.integers(1, 400), st.none() | st.integers(1, 5))
def test_equals_a_walk_over_all_occurrences(
    start: datetime, after: datetime, zone: str, interval: int, count: int | None
) -> None:
    schedule = Schedule(start, zone, f"FREQ=DAILY;INTERVAL={interval}", None, count)
    moment = after.replace(tzinfo=UTC)
    rule = rrulestr(f"FREQ=DAILY;INTERVAL={interval}" + (f";COUNT={count}" if count else ""), dtstart=start)
    expected = None
    for time in rule:
        if time > after - timedelta(days=3) and (first := first_showing(time, ZoneInfo(zone))) > moment:
            expected = first
            break
    assert next_occurrence(schedule, moment) == expected


def first_showing(time: datetime, zone: ZoneInfo) -> datetime:
    """The slow way: go from minute to minute until the clock shows the time or a later one."""
    instant = time.replace(tzinfo=UTC) - timedelta(hours=30)
    while instant.astimezone(zone).replace(tzinfo=None) < time:
        instant += timedelta(minutes=1)
    return instant


@pytest.mark.parametrize(
    ("schedule", "code", "field"),
    [
        (Schedule(wall("2026-01-01"), "Mars/Base", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (Schedule(wall("2026-01-01"), "Europe", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (Schedule(wall("2026-01-01"), "../etc/passwd", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (Schedule(wall("2026-01-01"), "", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (berlin("2026-01-02", until=wall("2026-01-01")), "schedule_range", "schedule.until"),
        (berlin("2026-01-02", count=0), "schedule_range", "schedule.count"),
        (berlin("2026-01-02", until=wall("2026-02-01"), count=1), "schedule_range", "schedule.count"),
        (berlin("2026-01-02T00:00+01:00"), "schedule_not_wall_clock", "schedule.start"),
        (berlin("2026-01-02", until=utc("2026-02-01")), "schedule_not_wall_clock", "schedule.until"),
        *(
            (berlin("2026-01-02", rule), "rrule_invalid", "schedule.rrule")
            for rule in (
                *("", "daily", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=x", "FREQ=SOMETIMES"),
                *("FREQ=DAILY;FREQ=DAILY", "INTERVAL=2", "FREQ=DAILY;;", "FREQ=DAILY\nRRULE:FREQ=DAILY"),
                *("FREQ=DAILY;X=1", "FREQ=DAILY;INTERVAL=9999999999999", "FREQ=WEEKLY;BYDAY=XX"),
            )
        ),
        *(
            (berlin("2026-01-02", rule), "schedule_unsupported", "schedule.rrule")
            for rule in (
                *("FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY"),
                *(
                    "FREQ=DAILY;COUNT=3",
                    "FREQ=DAILY;UNTIL=20270101T000000",
                    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
                ),
            )
        ),
    ],
)
def test_refused(schedule: Schedule, code: str, field: str) -> None:
    with pytest.raises(UserError) as caught:
        validate(schedule)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("rule", [None, "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "INTERVAL=2;FREQ=DAILY", "freq=daily"])
def test_taken(rule: str | None) -> None:
    validate(berlin("2026-01-02", rule, until=wall("2026-01-02")))


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (berlin("2026-12-01T06:30", None), "Once, on 1 December 2026 at 06:30 (Europe/Berlin)."),
        (berlin("2026-12-01T06:30"), "Every day at 06:30 (Europe/Berlin), from 1 December 2026."),
        (
            berlin("2026-12-01T06:30:15", "FREQ=DAILY;INTERVAL=2", until=wall("2027-01-31T23:59")),
            "Every 2 days at 06:30:15 (Europe/Berlin), from 1 December 2026, until 31 January 2027 at 23:59.",
        ),
        (
            berlin("2026-12-01T06:30", count=5),
            "Every day at 06:30 (Europe/Berlin), from 1 December 2026, 5 times.",
        ),
        (
            berlin("2026-12-01T06:30", count=1),
            "Every day at 06:30 (Europe/Berlin), from 1 December 2026, once.",
        ),
    ],
)
def test_sentences(schedule: Schedule, sentence: str) -> None:
    assert describe(schedule) == sentence
