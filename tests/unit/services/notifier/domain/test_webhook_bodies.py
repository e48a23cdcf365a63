import json
from datetime import UTC, datetime
from uuid import UUID

from services.notifier.domain.webhook_bodies import MOST_BYTES, MOST_CHANGES, changes_body, finished_body, fitting
from shared.events.contacts import ContactsChanged
from tests.unit.services.notifier.finished import done_with_errors

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MANAGER = UUID(int=3)


def change(number: int, **fields: str) -> ContactsChanged:
    return ContactsChanged(
        event_id=UUID(int=number),
        occurred_at=NOW,
        manager_id=MANAGER,
        unique_id=str(number),
        number=number,
        change="added",
        fields=fields,
        run_id=None,
        changed_at=NOW,
    )


def test_a_finished_run() -> None:
    event = done_with_errors()
    told = json.loads(finished_body(event))
    assert (told["type"], told["timestamp"]) == ("import.finished", "2026-07-01T04:30:05Z")
    assert told["data"]["counts"]["rejected"] == 12
    assert told["data"]["problem_count"] == 15
    assert not {"problems", "error_emails", "time_zone"} & set(told["data"])


def test_changes() -> None:
    told = json.loads(changes_body(MANAGER, "Staff", [change(7, Name="Ann"), change(8)], NOW))
    assert (told["type"], told["timestamp"]) == ("contacts.changed", "2026-11-28T12:00:00Z")
    assert (told["data"]["first_number"], told["data"]["last_number"]) == (7, 8)
    assert told["data"]["changes"][0] == {
        "event_id": str(UUID(int=7)),
        "number": 7,
        "change": "added",
        "unique_id": "7",
        "fields": {"Name": "Ann"},
        "run_id": None,
        "changed_at": "2026-11-28T12:00:00Z",
    }


def test_a_message_has_so_many_changes_and_so_many_bytes_and_at_least_one() -> None:
    many = [change(number) for number in range(1, 300)]
    assert [each.number for each in fitting(many)] == list(range(1, MOST_CHANGES + 1))
    large = [change(number, Name="x" * MOST_BYTES) for number in range(1, 4)]
    assert [each.number for each in fitting(large)] == [1]
    middling = [change(number, Name="x" * (MOST_BYTES // 10)) for number in range(1, 30)]
    assert len(fitting(middling)) == 9
