"""Random rules, many of them seldom due: odd intervals with few hours, minutes, or days; over several zones.

Now and then they name seconds, and choose few of many times.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from shared.errors import UserError
from shared.rules.recurrence import Schedule, validate
from shared.rules.recurrence_rule import WEEKDAYS

ZONES = (
    *("Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("Pacific/Apia", "America/Sao_Paulo", "Antarctica/Troll", "Asia/Gaza", "UTC"),
)
_INTERVALS = {
    "MINUTELY": (5, 7, 11, 15, 45, 90, 719, 721, 1439, 1440, 1441, 1447, 2879, 2881, 4321, 5040, 10079, 10081, 43829),
    "HOURLY": (1, 5, 6, 7, 23, 24, 25, 47, 49, 73, 84, 167, 168, 169, 731, 8766),
    "DAILY": (1, 2, 3, 7, 10, 28, 30, 365, 366, 1461),
    "WEEKLY": (1, 2, 3, 5, 52, 53),
    "MONTHLY": (1, 2, 3, 5, 12, 13, 48),
    "YEARLY": (1, 2, 3, 4, 5, 7, 28),
}
_LIMITS = (
    *(("BYHOUR", 0, 23, 0.7, _INTERVALS), ("BYMINUTE", 0, 59, 0.5, _INTERVALS), ("BYDAY", 0, 6, 0.5, _INTERVALS)),
    *(("BYMONTH", 1, 12, 0.3, _INTERVALS), ("BYMONTHDAY", 1, 31, 0.3, _INTERVALS.keys() - {"WEEKLY"})),
    *(("BYYEARDAY", 1, 366, 0.1, {"MINUTELY", "HOURLY", "YEARLY"}), ("BYWEEKNO", 1, 53, 0.1, {"YEARLY"})),
    ("BYSECOND", 0, 59, 0.1, _INTERVALS),
)
"""What limits a rule: from which number to which, how often it does, and with which frequencies."""
_CHOOSES = 0.2
"""How often BYSETPOS chooses among what is named."""


def accepted_schedules(source: Random) -> Iterator[Schedule]:
    """Return schedules without an end that the check accepts."""
    while True:
        start = datetime(1901, 1, 1) + timedelta(minutes=source.randrange(120 * 365 * 1440))  # noqa: DTZ001 - wall clock
        schedule = Schedule(start, source.choice(ZONES), _rule(source))
        try:
            validate(schedule)
        except UserError:
            continue
        yield schedule


def _rule(source: Random) -> str:
    frequency = source.choice(("MINUTELY", "MINUTELY", "MINUTELY", "HOURLY", "HOURLY", "DAILY", *_INTERVALS))
    parts = [f"FREQ={frequency}", f"INTERVAL={source.choice((*_INTERVALS[frequency], source.randint(1, 20_000)))}"]
    for name, low, high, share, frequencies in _LIMITS:
        if frequency in frequencies and source.random() < share:
            most = source.choice((1, 1, 1, 3, (high - low) // 2))
            chosen = sorted(source.sample(range(low, high + 1), most))
            parts.append(f"{name}={','.join(WEEKDAYS[each] if name == 'BYDAY' else str(each) for each in chosen)}")
    if source.random() < _CHOOSES:
        positions = {source.choice((-1, 1)) * source.choice((1, 1, 2, source.randint(1, 366))) for _ in range(3)}
        parts.append(f"BYSETPOS={','.join(map(str, sorted(positions)[: source.randint(1, 3)]))}")
    return ";".join(parts)
