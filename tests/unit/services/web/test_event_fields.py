"""What the page of events says of each field."""

import pytest

from services.web.pages.events import event_fields
from shared.event_reference.schemas import event_schema
from shared.topics import ALL, CONTACTS_CHANGED, IMPORT_FINISHED, Topic


def kinds(topic: Topic) -> dict[str, str]:
    return {field.name: field.kind for field in event_fields(topic)}


def test_values_are_said_in_words() -> None:
    changed = kinds(CONTACTS_CHANGED)
    assert changed["change"] == "added, updated, deleted"
    assert changed["fields"] == "string by name"
    assert changed["run_id"] == "uuid or null"
    assert changed["changed_at"] == "date-time"


def test_parts_of_a_field_follow_it() -> None:
    names = list(kinds(IMPORT_FINISHED))
    assert names.index("counts.read") == names.index("counts") + 1
    assert kinds(IMPORT_FINISHED)["error"] == "object or null"
    assert kinds(IMPORT_FINISHED)["error.code"] == "string"


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_field_is_there_and_known(topic: Topic) -> None:
    found = kinds(topic)
    assert {name for name in found if "." not in name} == set(event_schema(topic.event)["properties"])
    assert "anything" not in found.values()
