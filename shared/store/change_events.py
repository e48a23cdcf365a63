"""A logged change as others are told of it, by name of field."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from shared.events.contacts import ContactsChanged
from shared.store.change_log import LoggedChange
from shared.store.managers import Manager

_NAMES = uuid.UUID("6f2f1ad4-3c0f-5d6e-9b0a-1f6f2e1f0c55")


def change_events(manager: Manager, changes: list[LoggedChange], now: datetime) -> list[ContactsChanged]:
    """Return the events of a manager's changes; one that is made anew has the same id."""
    names = {str(field.number): field.name for field in manager.fields}
    return [
        ContactsChanged(
            event_id=uuid.uuid5(_NAMES, f"{manager.id}:{logged.number}"),
            occurred_at=now,
            manager_id=manager.id,
            unique_id=logged.unique_id,
            number=logged.number,
            change=logged.change,
            fields={names.get(number, number): value for number, value in _new_values(logged)},
            run_id=logged.run_id,
            changed_at=logged.changed_at,
        )
        for logged in changes
    ]


def _new_values(logged: LoggedChange) -> Iterable[tuple[str, str]]:
    """Return what the contact holds after a change, by field number: what changed, empty where it was emptied."""
    if logged.change == "deleted":
        return ()
    before, after = logged.before or {}, logged.after or {}
    changed = [(number, value) for number, value in after.items() if before.get(number, "") != value]
    return changed + [(number, "") for number, value in before.items() if value and number not in after]
