"""What `topics --compare` finds."""

from services.cli.topics import Found, differences
from shared.settings import KafkaSettings
from shared.topics import ALL

SETTINGS = KafkaSettings(partitions=4, replication_factor=2)


def needed() -> dict[str, Found]:
    found = {topic.name: Found(4, 2) for topic in ALL}
    return found | {topic.dead_letters: Found(1, 2) for topic in ALL}


def test_what_is_needed_or_more_is_no_difference() -> None:
    more = {"import.requested": Found(8, 3), "something.else": Found(1, 1)}
    assert differences(needed() | more, SETTINGS) == []


def test_what_is_missing_or_less_is_said_with_the_remedy() -> None:
    found = needed() | {"chunk.ready": Found(3, 2), "rows.parsed": Found(4, 1)}
    del found["import.stopped.dlq"]
    lines = differences(found, SETTINGS)
    assert [line.split()[0] for line in lines] == ["chunk.ready", "rows.parsed", "import.stopped.dlq"]
    assert "3 of 4 partitions" in lines[0]
    assert "1 of 2 copies" in lines[1]
    assert "contacts-sync topics" in lines[2]
