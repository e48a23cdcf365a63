"""Random schedules in every time zone: our due times are those of a slow walk in local time, over ten years."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest

from shared.errors import UserError
from shared.rules.recurrence import Schedule, due_times, next_occurrence, validate
from tests.support.recurrence_oracle import DAYS, expected, stretches

PAIRS = 5_000
TEN_YEARS = timedelta(days=3653)
OLD = timedelta(days=9000)
CASES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia")
EDGES = ("00:00", "00:30", "01:00", "01:30", "01:59", "02:00", "02:15", "02:30", "02:45", "03:00", "23:30", "12:00")


def numbers(source: random.Random, every: range, most: int = 4) -> str:
    return ",".join(str(number) for number in sorted(source.sample(every, source.randint(1, most))))


def signed(source: random.Random, most: int, count: int = 2) -> str:
    found = {source.choice((-1, 1)) * source.randint(1, most) for _ in range(source.randint(1, count))}
    return ",".join(map(str, found))


def weekdays(source: random.Random, most: int = 5) -> str:
    return ",".join(source.sample(DAYS, source.randint(1, most)))


def ordinals(source: random.Random, most: int) -> str:
    return ",".join(f"{source.choice((-1, 1)) * source.randint(1, most)}{day}" for day in source.sample(DAYS, 2))


def of_day(source: random.Random) -> str:
    """Return times of a day, often the start's alone, and often those at which clocks change."""
    if source.random() < 0.6:
        return ""
    hours = f";BYHOUR={numbers(source, range(5 if source.random() < 0.7 else 24))}"
    return hours + (f";BYMINUTE={source.choice(('0', '30', '0,30', '15,45'))}" if source.random() < 0.5 else "")


def daily(source: random.Random) -> str:
    limits = source.choice(["", "", ";BYDAY=MO,TU,WE,TH,FR", f";BYMONTH={numbers(source, range(1, 13))}"])
    limits += source.choice(["", "", f";BYMONTHDAY={signed(source, 31, 6)}"])
    limits += of_day(source)
    limits += f";BYSETPOS={signed(source, 3)}" if "BYHOUR" in limits and source.random() < 0.3 else ""
    return f"FREQ=DAILY;INTERVAL={source.choice((1, 1, 2, 3, 7, 10, 45))}{limits}"


def weekly(source: random.Random) -> str:
    limits = source.choice(["", f";BYDAY={weekdays(source)}", f";BYDAY={weekdays(source)};WKST={source.choice(DAYS)}"])
    limits += source.choice(["", "", f";BYMONTH={numbers(source, range(1, 13))}"])
    limits += ";BYSETPOS=1" if "BYDAY" in limits and source.random() < 0.2 else ""
    return f"FREQ=WEEKLY;INTERVAL={source.choice((1, 1, 2, 3, 5))}{limits}{of_day(source)}"


def monthly(source: random.Random) -> str:
    limits = source.choice(
        [
            "",
            f";BYMONTHDAY={signed(source, 31)}",
            ";BYMONTHDAY=-1",
            f";BYDAY={ordinals(source, 5)}",
            f";BYDAY=MO,TU,WE,TH,FR;BYSETPOS={signed(source, 4)}",
            f";BYDAY={weekdays(source)};BYMONTHDAY={signed(source, 31, 9)}",
        ]
    )
    limits += source.choice(["", "", f";BYMONTH={numbers(source, range(1, 13))}"])
    return f"FREQ=MONTHLY;INTERVAL={source.choice((1, 1, 2, 3, 6, 13))}{limits}{of_day(source)}"


def yearly(source: random.Random) -> str:
    months = f";BYMONTH={numbers(source, range(1, 13))}"
    limits = source.choice(
        [
            "",
            months,
            f"{months};BYMONTHDAY={signed(source, 31)}",
            f"{months};BYDAY={ordinals(source, 5)}",
            f";BYDAY={ordinals(source, 53)}",
            f";BYYEARDAY={signed(source, 366)}",
            f";BYWEEKNO={signed(source, 53)};WKST={source.choice(DAYS)}",
            f";BYWEEKNO={signed(source, 53)};BYDAY={weekdays(source)}",
            f"{months};BYDAY={weekdays(source)};BYSETPOS={signed(source, 9)}",
        ]
    )
    return f"FREQ=YEARLY;INTERVAL={source.choice((1, 1, 2, 3))}{limits}{of_day(source)}"


def hourly(source: random.Random) -> str:
    limits = source.choice(["", "", f";BYDAY={weekdays(source)}", f";BYMONTH={numbers(source, range(1, 13))}"])
    limits += source.choice(["", "", f";BYHOUR={numbers(source, range(24), 9)}"])
    limits += source.choice(["", "", ";BYMINUTE=0,30", ";BYMINUTE=10"])
    return f"FREQ=HOURLY;INTERVAL={source.choice((1, 2, 3, 4, 5, 6, 8, 12, 24, 25))}{limits}"


def minutely(source: random.Random) -> str:
    limits = source.choice(["", f";BYDAY={weekdays(source)}", f";BYHOUR={numbers(source, range(24), 9)}"])
    limits += source.choice(["", "", ";BYMINUTE=0,30"])
    return f"FREQ=MINUTELY;INTERVAL={source.choice((5, 15, 45, 60, 90, 250, 1439, 1440, 1441))}{limits}"


KINDS: tuple[tuple[Callable[[random.Random], str | None], int], ...] = (
    *((lambda _: None, 3), (daily, 25), (weekly, 22), (monthly, 22), (yearly, 12), (hourly, 14), (minutely, 2)),
)


def schedule_in(source: random.Random, zone: str) -> Schedule:
    kinds, weights = zip(*KINDS, strict=True)
    time = source.choice(EDGES) if source.random() < 0.7 else f"{source.randrange(24):02}:{source.randrange(60):02}"
    day = datetime(1950, 1, 1) + timedelta(days=source.randrange(31_000))  # noqa: DTZ001 - wall clock
    start = datetime.fromisoformat(f"{day:%Y-%m-%d}T{time}")
    rule = source.choices(kinds, weights)[0](source)
    end = start + timedelta(days=source.randrange(1, 3000), hours=source.randrange(24))
    ends: list[tuple[str, datetime | None, int | None]] = [("", None, None)] * 4
    ends += [("", end, None), ("", None, source.randrange(1, 400))]
    ends += [
        (f";UNTIL={end:%Y%m%dT%H%M%S}{source.choice(('', 'Z'))}", None, None),
        (f";UNTIL={end:%Y%m%d}", None, None),
    ]
    in_rule, until, count = source.choice(ends) if rule else ends[0]
    return Schedule(start, zone, rule and rule + in_rule, until, count)


def equals_the_walk(schedule: Schedule, source: random.Random) -> int:
    """Compare all due times of ten years, and the next one after moments among them; return how many there were."""
    zone = ZoneInfo(schedule.time_zone)
    begins = schedule.start.replace(tzinfo=UTC) - timedelta(days=3)
    since = begins + (OLD if source.random() < 0.1 else timedelta())
    ends = since + TEN_YEARS
    clock = stretches(zone, begins, ends)
    due = expected(schedule.start, clock, schedule.rrule, schedule.until, schedule.count)
    checked = ends - timedelta(days=3)
    wanted = [moment for moment in due if moment > since]
    ours = list(takewhile(lambda moment: moment < checked, due_times(schedule, since)))
    assert ours == wanted, f"{schedule}: {sorted(set(ours) ^ set(wanted))[:6]}"
    for moment in (since + source.random() * TEN_YEARS for _ in range(3)):
        following = next((each for each in wanted if each > moment), None)
        found = next_occurrence(schedule, moment)
        assert found == following or (following is None and (found is None or found >= checked)), (schedule, moment)
    return len(wanted)


@pytest.mark.timeout(3600)
def test_every_zone_over_ten_years(seed: int, *, is_long: bool) -> None:
    source = random.Random(seed)
    every = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
    compared = due = refused = 0
    while compared < max(PAIRS if is_long else PAIRS // 10, len(every)):
        schedule = schedule_in(source, every[compared % len(every)])
        try:
            validate(schedule)
        except UserError:
            refused += 1
            continue
        due += equals_the_walk(schedule, source)
        compared += 1
    assert refused < compared / 2
    assert due > 50 * compared


@pytest.mark.parametrize("zone", CASES)
def test_zones_with_changes_of_their_own(zone: str, seed: int, *, is_long: bool) -> None:
    source = random.Random(f"{seed} {zone}")
    rules = [daily(source) for _ in range(20 if is_long else 6)] + [hourly(source) for _ in range(3)]
    for rule in ["FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,15,30,45", "FREQ=HOURLY", *rules]:
        schedule = Schedule(datetime(2008, 1, 1, 2, 30), zone, rule)  # noqa: DTZ001 - wall clock
        equals_the_walk(schedule, source)


def test_the_walk_sees_what_it_has_to() -> None:
    """The oracle itself: Samoa had no 30 December 2011, and Lord Howe's clock skips half an hour."""
    start = datetime(2011, 12, 29, 10)  # noqa: DTZ001 - wall clock
    samoa = stretches(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 9, tzinfo=UTC))
    found = expected(start, samoa, "FREQ=DAILY")
    assert [f"{due:%d %H}" for due in islice(found, 4)] == ["29 20", "30 10", "30 20", "31 20"]
    lord_howe = stretches(
        ZoneInfo("Australia/Lord_Howe"), datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)
    )
    assert [stretch.offset for stretch in lord_howe] == [timedelta(hours=10.5), timedelta(hours=11)]
