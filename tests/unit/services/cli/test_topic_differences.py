"""What `topics --compare` finds."""

import pytest

from services.cli.topics import Found, differences
from shared.settings import KafkaSettings
from shared.topics import ALL

SETTINGS = KafkaSettings(partitions=4, replication_factor=2)


DAY_MS = 24 * 3600 * 1000
FOR_EVER = -1


MANY_BYTES = 1 << 30


def found_topic(
    partitions: int, copies: int, policy: str = "delete", kept_ms: int = 90 * DAY_MS, max_bytes: int = MANY_BYTES
) -> Found:
    return Found(partitions, copies, policy, kept_ms, max_bytes)


def needed() -> dict[str, Found]:
    found = {topic.name: found_topic(4, 2) for topic in ALL}
    return found | {topic.dead_letters: found_topic(1, 2) for topic in ALL}


def test_what_is_needed_or_more_is_no_difference() -> None:
    more = {"import.requested": found_topic(8, 3, kept_ms=FOR_EVER), "something.else": found_topic(1, 1, "compact", 1)}
    assert differences(needed() | more, SETTINGS) == []


def test_what_is_missing_or_less_is_said_with_the_remedy() -> None:
    found = needed() | {"chunk.ready": found_topic(3, 2), "rows.parsed": found_topic(4, 1)}
    del found["import.stopped.dlq"]
    lines = differences(found, SETTINGS)
    assert [line.split()[0] for line in lines] == ["chunk.ready", "rows.parsed", "import.stopped.dlq"]
    assert "3 of 4 partitions" in lines[0]
    assert "1 of 2 copies" in lines[1]
    assert "contacts-sync topics" in lines[2]


@pytest.mark.parametrize(
    ("name", "policy", "kept_ms", "max_bytes"),
    [
        ("contacts.changed", "compact", FOR_EVER, MANY_BYTES),
        ("contacts.changed", "compact,delete", 90 * DAY_MS, MANY_BYTES),
        ("contacts.changed", "delete", 7 * DAY_MS - 1, MANY_BYTES),
        ("contacts.changed", "delete", FOR_EVER, 8 << 20),
        ("import.requested.dlq", "delete", 7 * DAY_MS, MANY_BYTES),
    ],
)
def test_records_that_are_lost_are_said_with_the_remedy(name: str, policy: str, kept_ms: int, max_bytes: int) -> None:
    (line,) = differences(needed() | {name: found_topic(4, 2, policy, kept_ms, max_bytes)}, SETTINGS)
    assert f"--topic {name} --add-config cleanup.policy=delete,retention.ms=" in line
