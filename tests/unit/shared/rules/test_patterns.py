from datetime import datetime
from itertools import product

import pytest

from shared.rules.patterns import PLACES, Pattern, pattern_rule, rule_pattern

START = datetime(2026, 12, 1, 6, 30)  # noqa: DTZ001 - wall-clock time


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        (Pattern("once"), None),
        (Pattern("hourly", 4), "FREQ=HOURLY;INTERVAL=4"),
        (Pattern("daily", 3), "FREQ=DAILY;INTERVAL=3"),
        (Pattern("weekdays"), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        (Pattern("weekly", 2, (0, 4)), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
        (Pattern("monthly", 1, day=15), "FREQ=MONTHLY;BYMONTHDAY=15"),
        (Pattern("monthly", 2, month_on="last_day"), "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1"),
        (Pattern("monthly", month_on="weekday", place=2, weekday=1), "FREQ=MONTHLY;BYDAY=2TU"),
        (
            Pattern("monthly", month_on="weekday", place=-1, weekday=7),
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
        (Pattern("yearly", 1, day=1, month=3), "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1"),
    ],
)
def test_each_pattern_stands_for_a_rule_and_is_found_again(pattern: Pattern, rule: str | None) -> None:
    assert pattern_rule(pattern) == rule
    assert rule_pattern(rule, START) == pattern


@pytest.mark.parametrize(("place", "weekday"), [*product(PLACES, range(8))])
def test_every_weekday_of_a_month(place: int, weekday: int) -> None:
    pattern = Pattern("monthly", month_on="weekday", place=place, weekday=weekday)
    assert rule_pattern(pattern_rule(pattern), START) == pattern


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=1"),
        ("FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1"),
    ],
)
def test_a_rule_takes_its_day_from_the_start(rule: str, same: str) -> None:
    found = rule_pattern(rule, START)
    assert found
    assert pattern_rule(found) == same


@pytest.mark.parametrize(
    "rule",
    [
        *(
            "FREQ=MINUTELY;INTERVAL=15",
            "FREQ=DAILY;COUNT=3",
            "FREQ=DAILY;BYHOUR=6,18",
            "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO",
        ),
        *("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=SU", "FREQ=MONTHLY;BYMONTHDAY=1,15", "nonsense"),
    ],
)
def test_other_rules_have_no_pattern(rule: str) -> None:
    assert rule_pattern(rule, START) is None
