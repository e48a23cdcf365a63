"""A rule is refused for its distances where a walk over its due times meets two that are too close, and only there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

import pytest

from shared.errors import UserError
from shared.rules.recurrence import Schedule, due_times, validate
from shared.rules.recurrence_rule import WEEKDAYS

SHORTEST = timedelta(minutes=5)
WALKED, WALKED_IF_REFUSED = 2_000, 200_000
RULES = 200
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "UTC")


def some(source: Random, every: list[int], most: int) -> str:
    return ",".join(map(str, sorted(source.sample(every, source.randint(1, most)))))


def of_day(source: Random) -> Iterator[str]:
    """Times around midnight and around full hours, mostly."""
    yield f"BYHOUR={source.choice(('0,23', '0,23', '9', '9,10', '9,17', '22,23', some(source, list(range(24)), 5)))}"
    if source.random() < 0.8:
        near = [*range(5), *range(56, 60)] if source.random() < 0.8 else list(range(60))
        yield f"BYMINUTE={some(source, near, source.choice((1, 2, 2, 3)))}"
    if source.random() < 0.1:
        yield f"BYSECOND={some(source, [0, 1, 30, 59], 2)}"


def days(source: Random, frequency: str) -> Iterator[str]:
    if source.random() < 0.5:
        yield f"BYDAY={','.join(source.choice((WEEKDAYS, ('MO', 'SU'), ('SA', 'SU')))[: source.randint(1, 6)])}"
    if source.random() < 0.3:
        yield f"BYMONTH={some(source, list(range(1, 13)), 3)}"
    if frequency != "WEEKLY" and source.random() < 0.4:
        yield f"BYMONTHDAY={source.choice(('1,-1', '1,31', '28,29', '15,16', '-1,-2', '2,4,6', '1'))}"
    if frequency in {"YEARLY", "HOURLY", "MINUTELY"} and source.random() < 0.2:
        yield f"BYYEARDAY={source.choice(('1,-1', '1,366', '59,60', '100', '365,366'))}"


def drawn(source: Random) -> str:
    frequency = source.choice(("MINUTELY", "MINUTELY", "HOURLY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = [f"FREQ={frequency}", f"INTERVAL={source.choice((1, 1, 2, 3, 4, 5, 6, 12))}"]
    if frequency in {"HOURLY", "MINUTELY"} and source.random() < 0.1:
        parts[1] = f"INTERVAL={source.choice((7, 24, 25, 60, 359, 1439, 1440))}"
    parts += [*of_day(source), *days(source, frequency)]
    if source.random() < 0.25:
        parts.append(f"BYSETPOS={source.choice(('1', '-1', '1,-1', '1,2', '2,3', '1,3,-2', '3', '4,-4', '1,3,5,7,9'))}")
    return ";".join(parts)


def come_close(schedule: Schedule, walked: int) -> bool | None:
    """Tell whether two due times are too close, with no clock change between them; None where there are none."""
    zone = ZoneInfo(schedule.time_zone)
    due = due_times(schedule, datetime.min.replace(tzinfo=UTC))
    earlier = next(due, None)
    if earlier is None:
        return None
    for later in islice(due, walked):
        shifts = {moment.astimezone(zone).utcoffset() for moment in (earlier, later)}
        if later - earlier < SHORTEST and len(shifts) == 1:
            return True
        earlier = later
    return False


def refusal(schedule: Schedule) -> str | None:
    try:
        validate(schedule)
    except UserError as error:
        return error.code
    return None


def test_the_verdict_is_that_of_a_walk_over_the_due_times(seed: int) -> None:
    source, judged = Random(seed), {True: 0, False: 0}
    for _ in range(RULES):
        start = datetime(2001, 1, 1) + timedelta(minutes=source.randrange(20_000_000))  # noqa: DTZ001 - wall clock
        rule = drawn(source)
        # Daily and longer rules are measured by the wall clock, which UTC's is.
        zone = source.choice(ZONES) if "HOURLY" in rule or "MINUTELY" in rule else "UTC"
        schedule = Schedule(start, zone, rule)
        refused = refusal(schedule) == "rrule_too_often"
        if (close := come_close(schedule, WALKED_IF_REFUSED if refused else WALKED)) is not None:
            assert refused == close, schedule
            judged[close] += 1
    assert min(judged.values()) > RULES / 20


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;BYHOUR=9;BYMINUTE=1,58",
        "FREQ=HOURLY;BYHOUR=9,17;BYMINUTE=0,57",
        "FREQ=HOURLY;BYHOUR=0,23;BYMINUTE=1,58;BYDAY=MO,WE",
        "FREQ=HOURLY;BYHOUR=0,23;BYMINUTE=1,58;BYMONTHDAY=1,15",
        "FREQ=MINUTELY;INTERVAL=2;BYHOUR=9;BYMINUTE=0,1",
        "FREQ=MINUTELY;INTERVAL=4;BYMINUTE=2,10",
        "FREQ=DAILY;INTERVAL=2;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,-1;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29;BYMONTH=2,12;BYDAY=MO;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=1,-1;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=YEARLY;INTERVAL=5000;BYMONTH=12;BYMONTHDAY=1;BYHOUR=8,9;BYMINUTE=1,2;BYSETPOS=1,3,4",
    ],
)
def test_steps_that_are_not_due_bring_nothing_closer(rule: str) -> None:
    validate(Schedule(datetime(2026, 12, 1, 9, 2), "Europe/Berlin", rule))  # noqa: DTZ001 - wall clock


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;BYHOUR=9,10;BYMINUTE=1,58",
        "FREQ=HOURLY;BYHOUR=0,23;BYMINUTE=1,58;BYDAY=SU,MO",
        "FREQ=HOURLY;BYHOUR=0,23;BYMINUTE=1,58;BYYEARDAY=1,366",
        "FREQ=MINUTELY;INTERVAL=2;BYHOUR=9;BYMINUTE=0,1,2",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=MONTHLY;INTERVAL=48;BYMONTH=2,12;BYMONTHDAY=29,-2;BYDAY=SA,SU;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=YEARLY;INTERVAL=28;BYYEARDAY=59,60;BYDAY=SA,SU;BYHOUR=0,23;BYMINUTE=1,58",
        "FREQ=YEARLY;BYHOUR=0,23;BYMINUTE=1,58;BYMONTH=1,12;BYMONTHDAY=1,-1;BYSETPOS=1,-1",
    ],
)
def test_distances_that_are_seldom_met_are_met(rule: str) -> None:
    schedule = Schedule(datetime(2026, 12, 1, 9), "Europe/Berlin", rule)  # noqa: DTZ001 - wall clock
    assert refusal(schedule) == "rrule_too_often"


def test_what_a_clock_change_alone_brings_together_is_left_aside() -> None:
    """On the last Sunday in March, 03:01 follows 01:58."""
    last_sunday = "BYMONTH=3;BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU"
    schedule = Schedule(
        datetime(2026, 1, 1),  # noqa: DTZ001 - wall clock
        "Europe/Berlin",
        f"FREQ=HOURLY;{last_sunday};BYHOUR=1,3;BYMINUTE=1,58",
    )
    validate(schedule)
    due = list(islice(due_times(schedule, datetime(2026, 1, 1, tzinfo=UTC)), 4))
    assert due[2] - due[1] == timedelta(minutes=3)
