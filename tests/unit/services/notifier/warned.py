"""Events about imports that need a look, as the notifier hears them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.events.import_warnings import ImportWarned

NOTICED = datetime(2026, 7, 1, 7, 0, 1, tzinfo=UTC)


def warned(**changes: Any) -> ImportWarned:
    """Return a warning that a file is late, save for what `changes` says."""
    fields: dict[str, Any] = {
        "event_id": UUID(int=7),
        "occurred_at": NOTICED,
        "import_id": UUID(int=2),
        "import_name": "HR file",
        "manager_id": UUID(int=3),
        "manager_name": "Staff",
        "warning": "file_late",
        "message": "The file has not come.",
        "expected_at": NOTICED.replace(second=0),
        "error_emails": ["ops@example.org"],
        "time_zone": "Europe/Berlin",
    }
    return ImportWarned(**fields | changes)
