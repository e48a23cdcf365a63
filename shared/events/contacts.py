"""What happened to contacts, enough to rebuild a manager from; never a password."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event


class ContactChanged(Event):
    """One contact was added, updated or deleted; `number` rises by one for each change of a manager."""

    event_type: ClassVar[str] = "contacts-sync.contacts.changed.v1"

    manager_id: UUID
    unique_id: str
    number: int
    change: Literal["added", "updated", "deleted"]
    fields: dict[str, str] = Field(
        description="Added: all of them; updated: the changed ones, empty where emptied; deleted: none"
    )
    run_id: UUID | None = Field(description="Null: a person's edit")
