"""What became of one contact: enough to keep a copy of a manager, and never a password."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event


class ContactsChanged(Event):
    """A contact was added, updated or deleted: by a run, an undo or by hand, in the order in which it was committed."""

    event_type: ClassVar[str] = "contacts-sync.contacts.changed.v1"

    manager_id: UUID
    unique_id: str
    number: int = Field(
        ge=1, description="The manager's changes are numbered from 1 without gaps; one that was said before is a repeat"
    )
    change: Literal["added", "updated", "deleted"]
    fields: dict[str, str] = Field(
        description="By field name, without the unique id. added: all values but empty ones; updated: those that "
        "changed, empty where emptied, and none where only a password did; deleted: none"
    )
    is_cut: bool = Field(
        default=False, description="True: the values are too large to be said; ask for the contact over the API"
    )
    run_id: UUID | None = Field(description="Null: by hand")
    changed_at: datetime
