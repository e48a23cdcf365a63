"""What messages say. Never a password, and of a run's problems no more than how many: they may quote the file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from shared.events.contacts import ContactsChanged
from shared.events.runs import ImportFinished

MOST_CHANGES: Final = 100
"""In one message."""
MOST_BYTES: Final = 256 * 1024
"""Of changes in one message, save for a single one that is larger."""
_OF_A_RUN: Final = {
    *("run_id", "import_id", "import_name", "manager_id", "manager_name", "status", "trigger", "dry_run", "counts"),
    *("error", "problem_count", "file_name", "file_sha256", "queued_at", "finished_at"),
}
_NOT_OF_EACH: Final = {"occurred_at", "manager_id", "is_cut"}
"""Said once for all, or never so: a message takes a change of any size."""


def finished_body(event: ImportFinished) -> str:
    """Return the message about a run that has ended."""
    data = event.model_dump(mode="json", include=_OF_A_RUN)
    return _body("import.finished", event.occurred_at, {**data, "event_id": str(event.event_id)})


def changes_body(manager_id: UUID, manager_name: str, events: Sequence[ContactsChanged], at: datetime) -> str:
    """Return the message about changes of contacts, in their order."""
    data = {
        "manager_id": manager_id,
        "manager_name": manager_name,
        "first_number": events[0].number,
        "last_number": events[-1].number,
        "changes": [event.model_dump(mode="json", exclude=_NOT_OF_EACH) for event in events],
    }
    return _body("contacts.changed", at, data)


def fitting(events: Sequence[ContactsChanged]) -> Sequence[ContactsChanged]:
    """Return as many of the first events as go into one message, at least one."""
    size = 0
    for place, event in enumerate(events[:MOST_CHANGES]):
        size += len(event.as_body())
        if place and size > MOST_BYTES:
            return events[:place]
    return events[:MOST_CHANGES]


def _body(kind: str, at: datetime, data: dict[str, Any]) -> str:
    return to_json({"type": kind, "timestamp": at, "data": data}).decode()
