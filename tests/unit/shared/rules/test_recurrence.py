from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules import calendar_days, clock_changes, elapsed_times, recurrence
from shared.rules.due import upcoming_due
from shared.rules.recurrence import Schedule, next_occurrence, upcoming, validate

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


RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA",
    "FREQ=HOURLY;INTERVAL=5",
    "FREQ=MINUTELY;INTERVAL=15;BYHOUR=9,10;BYDAY=MO",
]


@pytest.mark.parametrize("rule", RULES)
def test_time_does_not_grow_with_age(rule: str) -> None:
    def seconds(start: str) -> float:
        schedule, moments = Schedule(wall(start), "Europe/Berlin", rule), [utc("2026-06-01T00:00")] * 50
        times = []
        for _ in range(5):
            begun = perf_counter()
            for moment in moments:
                assert next_occurrence(schedule, moment)
            times.append(perf_counter() - begun)
        return min(times)

    assert seconds("1901-01-01T00:00") < 10 * seconds("2026-05-01T00:00")  # walking takes thousands of times as long


WORKDAYS = "BYDAY=MO,TU,WE,TH,FR"
EVERY_FIVE_MINUTES = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(0, 60, 5)))}"
EVERY_MINUTE = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
DENSE_AND_RARE = [
    f"FREQ=YEARLY;{WORKDAYS};{EVERY_FIVE_MINUTES}",
    f"FREQ=YEARLY;{WORKDAYS};{EVERY_FIVE_MINUTES};BYSETPOS=-1",
    f"FREQ=MONTHLY;{WORKDAYS};{EVERY_FIVE_MINUTES}",
    "FREQ=DAILY;INTERVAL=365;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
    "FREQ=MINUTELY;INTERVAL=1439;BYHOUR=0;BYMINUTE=0",
    "FREQ=MINUTELY;INTERVAL=1441;BYHOUR=3;BYMINUTE=1;BYDAY=FR",
    "FREQ=MINUTELY;INTERVAL=1441;BYHOUR=7;BYMINUTE=25;BYMONTHDAY=13",
    "FREQ=MINUTELY;INTERVAL=10081;BYHOUR=1;BYMINUTE=26;BYDAY=MO,TU,WE",
    "FREQ=HOURLY;INTERVAL=49;BYHOUR=15;BYDAY=MO,TU,WE",
]


def test_a_skipped_hour_may_bring_times_closer_together_than_rules_may_name_them() -> None:
    schedule = berlin("2027-03-27T01:58", "FREQ=DAILY;BYHOUR=1,3;BYMINUTE=0,58")
    validate(schedule)
    assert upcoming(schedule, utc("2027-03-28T00:30"), 2) == [utc("2027-03-28T00:58"), utc("2027-03-28T01:00")]


def seconds_anew(work: Callable[[], object]) -> float:
    """Return how long it takes with nothing known of the rule, nor of the zone's clock changes."""
    times = []
    for _ in range(5):
        for module in (calendar_days, clock_changes, elapsed_times, recurrence):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return min(times)


@pytest.mark.parametrize("rule", DENSE_AND_RARE)
def test_time_does_not_grow_with_how_many_times_a_period_has_or_how_far_they_are_apart(rule: str) -> None:
    def next_of(rule: str) -> Callable[[], object]:
        return lambda: next_occurrence(berlin("1901-01-01T02:30", rule), utc("2026-06-01T00:00"))

    assert seconds_anew(next_of(rule)) < 100 * seconds_anew(next_of(DAILY))


def test_time_does_not_grow_with_what_bysetpos_leaves_out_of_a_count() -> None:
    rule = f"FREQ=YEARLY;COUNT=200;{WORKDAYS}"
    dense = berlin("2026-01-01T02:30", f"{rule};{EVERY_FIVE_MINUTES};BYSETPOS=-1")
    plain = berlin("2026-01-01T02:30", f"{rule};BYSETPOS=-1")
    assert seconds_anew(lambda: validate(dense)) < 5 * seconds_anew(lambda: validate(plain))


def test_five_times_are_found_in_one_search() -> None:
    schedule = berlin("1901-01-01T02:30", f"FREQ=YEARLY;{WORKDAYS};{EVERY_FIVE_MINUTES};BYSETPOS=1,2,3,4,5,-1")
    one = seconds_anew(lambda: upcoming_due(schedule, UUID(int=1), utc("2026-12-31T23:00"), limit=1))
    five = seconds_anew(lambda: upcoming_due(schedule, UUID(int=1), utc("2026-12-31T23:00"), limit=5))
    assert five < 3 * one


def test_years_of_one_kind_have_the_same_days_wherever_they_are() -> None:
    for rule in ("FREQ=YEARLY;BYWEEKNO=-53,1;BYDAY=MO,SU", "FREQ=YEARLY;BYYEARDAY=-1,60", "FREQ=YEARLY;BYDAY=53TH"):
        schedule = berlin("1901-01-01T06:30", rule, until=wall("2101-01-01"))
        walked = rrulestr(rule, dtstart=schedule.start).between(wall("1901-01-01"), wall("2101-01-01"), inc=True)
        due = upcoming(schedule, utc("1900-01-01T00:00"), 10_000)
        assert [each.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None) for each in due] == walked


def test_minutes_that_a_rule_comes_to_once_in_years() -> None:
    """Each time a minute earlier in the day, and an hour moved by each clock change."""
    schedule = berlin("2020-01-01T00:00", "FREQ=MINUTELY;INTERVAL=1439;BYHOUR=0;BYMINUTE=0")
    step, due = timedelta(minutes=1439), utc("2019-12-31T23:00")
    found: list[datetime] = []
    while len(found) < 4:
        if (due.astimezone(ZoneInfo("Europe/Berlin")).hour, due.astimezone(ZoneInfo("Europe/Berlin")).minute) == (0, 0):
            found.append(due)
        due += step
    assert upcoming(schedule, utc("2019-01-01T00:00"), 4) == found


def test_the_end_of_time() -> None:
    assert next_occurrence(berlin("9999-12-30T06:30"), utc("9999-12-31T06:30")) is None
    assert next_occurrence(berlin("2026-01-01T06:30", "FREQ=DAILY;INTERVAL=3000000"), utc("2027-01-01T00:00")) is None
    assert next_occurrence(berlin("2026-01-01T06:30"), datetime.max.replace(tzinfo=UTC)) is None


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Tokyo", "Australia/Lord_Howe"])
TIMES = st.datetimes(wall("2009-01-01"), wall("2013-01-01")).map(lambda time: time.replace(second=0, microsecond=0))
DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
FREE = st.one_of(
    st.integers(1, 400).map(lambda number: f"FREQ=DAILY;INTERVAL={number}"),
    st.tuples(st.integers(1, 9), DAYS).map(lambda got: f"FREQ=WEEKLY;INTERVAL={got[0]};BYDAY={','.join(got[1])}"),
    st.tuples(st.integers(1, 9), st.integers(-31, -1) | st.integers(1, 31)).map(
        lambda got: f"FREQ=MONTHLY;INTERVAL={got[0]};BYMONTHDAY={got[1]}"
    ),
    st.tuples(st.integers(-5, -1) | st.integers(1, 5), DAYS).map(
        lambda got: f"FREQ=MONTHLY;BYDAY={','.join(f'{got[0]}{day}' for day in got[1])}"
    ),
    st.tuples(st.integers(1, 3), DAYS).map(lambda got: f"FREQ=MONTHLY;BYDAY={','.join(got[1])};BYSETPOS=-{got[0]}"),
    st.tuples(st.integers(1, 12), DAYS).map(lambda got: f"FREQ=YEARLY;BYMONTH={got[0]};BYDAY={','.join(got[1])}"),
    st.integers(1, 52).map(lambda number: f"FREQ=YEARLY;BYWEEKNO={number};BYDAY=TU"),
)


@given(TIMES, TIMES, ZONES, FREE, st.none() | st.integers(1, 5))
def test_equals_what_another_library_walks_over(
    start: datetime, after: datetime, zone: str, rule: str, count: int | None
) -> None:
    schedule = Schedule(start, zone, rule, None, count)
    moment = after.replace(tzinfo=UTC)
    expected = None
    for time in rrulestr(rule + (f";COUNT={count}" if count else ""), dtstart=start):
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
        (Schedule(wall("2026-01-01"), "localtime", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (Schedule(wall("2026-01-01"), "", DAILY), "time_zone_unknown", "schedule.time_zone"),
        (berlin("2026-01-02", until=wall("2026-01-01")), "schedule_range", "schedule.until"),
        (berlin("2026-01-02", count=0), "schedule_range", "schedule.count"),
        (berlin("2026-01-02", until=wall("2026-02-01"), count=1), "schedule_range", "schedule.count"),
        (berlin("2026-01-02T00:00+01:00"), "schedule_not_wall_clock", "schedule.start"),
        (berlin("2026-01-02", until=utc("2026-02-01")), "schedule_not_wall_clock", "schedule.until"),
        (berlin("2026-01-02", "FREQ=DAYLY"), "rrule_invalid", "schedule.rrule"),
        (berlin("2026-01-02", count=1001), "schedule_range", "schedule.count"),
        (berlin("2026-01-02", "FREQ=DAILY;COUNT=3", count=1), "schedule_range", "schedule.count"),
        (berlin("2026-01-02", "FREQ=DAILY;COUNT=1001"), "schedule_range", "schedule.count"),
        (berlin("2026-01-02", "FREQ=YEARLY;COUNT=202"), "schedule_range", "schedule.count"),
        (berlin("1899-12-31"), "schedule_range", "schedule.start"),
        (berlin("9999-12-31", "FREQ=HOURLY"), "schedule_range", "schedule.start"),
        (berlin("0001-01-01", "FREQ=HOURLY"), "schedule_range", "schedule.start"),
        (berlin("2026-01-02", "FREQ=DAILY;UNTIL=20250101"), "schedule_range", "schedule.until"),
        (
            berlin("2026-01-02", "FREQ=MONTHLY;BYMONTHDAY=9", until=wall("2026-01-08")),
            "schedule_range",
            "schedule.until",
        ),
        *(
            (berlin("2026-01-02T00:01", rule), "rrule_too_often", "schedule.rrule")
            for rule in (
                *("FREQ=MINUTELY;INTERVAL=4", "FREQ=MINUTELY", "FREQ=HOURLY;BYMINUTE=0,4", "FREQ=HOURLY;BYMINUTE=0,58"),
                *("FREQ=DAILY;BYMINUTE=0,1", "FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,58", "FREQ=SECONDLY;INTERVAL=900"),
                *("FREQ=MINUTELY;BYMINUTE=0,3", "FREQ=MINUTELY;INTERVAL=30;BYSECOND=0,30", "FREQ=DAILY;BYSECOND=1,2"),
                *(
                    "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=0,23;BYMINUTE=0,58",
                    "FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=0,23;BYMINUTE=0,58",
                ),
                *("FREQ=MONTHLY;BYMONTHDAY=1,-1;BYHOUR=0,23;BYMINUTE=0,58", "FREQ=MONTHLY;BYMINUTE=0,1;BYSETPOS=1,2"),
                "FREQ=YEARLY;BYYEARDAY=1,-1;BYHOUR=0,23;BYMINUTE=0,58",
            )
        ),
        (berlin("2026-01-02", f"FREQ=YEARLY;{EVERY_MINUTE}"), "rrule_too_often", "schedule.rrule"),
        *(
            (berlin("2026-01-02", f"FREQ={rule};BYSETPOS=1"), "rrule_too_many_times", "schedule.rrule")
            for rule in (
                *(f"DAILY;{EVERY_MINUTE}", f"YEARLY;BYMONTH=1;BYMONTHDAY=1;{EVERY_MINUTE};BYSECOND=0,30"),
                f"MONTHLY;{EVERY_FIVE_MINUTES},1",
            )
        ),
        *(
            (berlin("2026-01-02", rule), "rrule_never_due", "schedule.rrule")
            for rule in (
                *(
                    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
                    "FREQ=DAILY;BYHOUR=1;BYSETPOS=2",
                ),
                *(
                    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
                    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
                    "FREQ=HOURLY;INTERVAL=24;BYHOUR=9",
                ),
                "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=2",
            )
        ),
    ],
)
def test_refused(schedule: Schedule, code: str, field: str) -> None:
    with pytest.raises(UserError) as caught:
        validate(schedule)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    "rule",
    [
        *(None, "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "INTERVAL=2;FREQ=DAILY", "freq=daily", "RRULE:FREQ=DAILY"),
        *("FREQ=MINUTELY;INTERVAL=5", "FREQ=MINUTELY;BYMINUTE=0,30", "FREQ=HOURLY;BYMINUTE=0,5,55", "FREQ=YEARLY"),
        *("FREQ=DAILY;BYMINUTE=0,1;BYSETPOS=1", "FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,55", "FREQ=YEARLY;BYDAY=53TH"),
        *("FREQ=WEEKLY;BYDAY=MO;BYHOUR=0,23;BYMINUTE=0,58", "FREQ=MONTHLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0,1;BYSETPOS=1"),
        *("FREQ=DAILY;INTERVAL=2;BYHOUR=0,23;BYMINUTE=0,58", "FREQ=YEARLY;BYHOUR=0,23;BYMINUTE=0,58"),
        *("FREQ=MONTHLY;BYDAY=MO;BYMINUTE=0,1;BYSETPOS=1,-1", f"FREQ=MONTHLY;{EVERY_FIVE_MINUTES};BYSETPOS=1,-1"),
    ],
)
def test_taken(rule: str | None) -> None:
    validate(berlin("2026-01-02", rule, until=wall("2033-01-02")))


def test_a_number_of_runs_is_counted_from_the_start_however_late_it_is_asked() -> None:
    schedule = berlin("2000-01-31T06:30", "FREQ=MONTHLY", count=1000)
    every = upcoming(schedule, utc("1999-01-01T00:00"), 2000)
    assert len(every) == 1000
    assert upcoming(schedule, every[-3]) == every[-2:]
    assert next_occurrence(schedule, every[-1]) is None


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("FREQ=DAILY;UNTIL=20260103T063000", "03T05:30"),
        ("FREQ=DAILY;UNTIL=20260103T062959", "02T05:30"),
        ("FREQ=DAILY;UNTIL=20260103T053000Z", "03T05:30"),
        ("FREQ=DAILY;UNTIL=20260103T052959Z", "02T05:30"),
        ("FREQ=DAILY;UNTIL=20260103", "03T05:30"),
        ("FREQ=HOURLY;UNTIL=20260103T063000", "03T05:30"),
        ("FREQ=HOURLY;UNTIL=20260103T052959Z", "03T04:30"),
        ("FREQ=DAILY;COUNT=2", "02T05:30"),
        ("FREQ=HOURLY;COUNT=25", "02T05:30"),
    ],
)
def test_an_end_within_the_rule(rule: str, last: str) -> None:
    assert upcoming(berlin("2026-01-01T06:30", rule), utc("2025-01-01T00:00"), 99)[-1] == utc(f"2026-01-{last}")


@pytest.mark.parametrize(
    ("rule", "until"), [("FREQ=HOURLY", "9999-12-31T23:59:59"), ("FREQ=HOURLY;UNTIL=99991231", None)]
)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_for_ever_may_be_the_last_day_there_is(rule: str, until: str | None, zone: str) -> None:
    schedule = Schedule(wall("2026-01-01"), zone, rule, wall(until) if until else None)
    validate(schedule)
    assert len(upcoming(schedule, utc("2026-01-01T00:00"))) == 5


def test_hours_are_elapsed_hours() -> None:
    assert upcoming(berlin("2026-10-25T00:30", "FREQ=HOURLY"), utc("2026-10-24T22:00"), 4) == [
        utc("2026-10-24T22:30"),
        utc("2026-10-24T23:30"),
        utc("2026-10-25T00:30"),
        utc("2026-10-25T01:30"),  # 02:30 again
    ]
    assert upcoming(berlin("2026-03-28T20:00", "FREQ=HOURLY;INTERVAL=6"), utc("2026-03-28T12:00"), 3) == [
        utc("2026-03-28T19:00"),
        utc("2026-03-29T01:00"),  # 03:00, where clocks have skipped an hour
        utc("2026-03-29T07:00"),
    ]


def test_limits_of_an_hourly_rule_are_asked_of_the_wall_clock() -> None:
    schedule = berlin("2026-10-23T00:00", "FREQ=HOURLY;BYHOUR=9;BYDAY=MO,FR")
    assert upcoming(schedule, utc("2026-10-23T00:00"), 2) == [utc("2026-10-23T07:00"), utc("2026-10-26T08:00")]


def test_an_hourly_rule_that_starts_in_a_gap() -> None:
    assert upcoming(berlin("2026-03-29T02:30", "FREQ=HOURLY"), utc("2026-03-29T00:00"), 2) == [
        utc("2026-03-29T01:00"),
        utc("2026-03-29T02:00"),
    ]


def test_two_times_in_one_gap_are_one_run() -> None:
    schedule = berlin("2026-03-29T00:00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30")
    assert upcoming(schedule, utc("2026-03-29T00:00"), 2) == [utc("2026-03-29T01:00"), utc("2026-03-30T00:00")]


def test_two_times_in_one_gap_count_as_one_run() -> None:
    schedule = berlin("2026-03-28T02:00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30;COUNT=6")
    due = upcoming(schedule, utc("2026-03-28T00:00"), 10)
    assert len(due) == 6
    assert due[2:4] == [utc("2026-03-29T01:00"), utc("2026-03-30T00:00")]


def test_the_whole_week_counts_where_one_of_its_days_is_chosen() -> None:
    """The start's week too, though it began before the start."""
    schedule = berlin("2026-01-07T06:30", "FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=1")
    assert next_occurrence(schedule, utc("2026-01-01T00:00")) == utc("2026-01-12T05:30")


@pytest.mark.parametrize(
    ("rule", "years"),
    [("FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", 100), ("FREQ=HOURLY;INTERVAL=24;BYHOUR=9", 40)],
)
def test_what_is_not_due_is_said_to_be_so_only_for_as_long_as_was_looked(rule: str, years: int) -> None:
    """The first of them is due in 2224."""
    with pytest.raises(UserError, match=f"not found due within {years} years of the start"):
        validate(berlin("1930-01-01", rule))
