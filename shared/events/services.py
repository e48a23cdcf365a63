"""How the processes of the services stand."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event


class ServiceReported(Event):
    """How one process stands; said every ten seconds while it works, and a last time when it stops."""

    event_type: ClassVar[str] = "contacts-sync.service.reported.v1"

    service: str
    process_id: UUID = Field(description="Another one after each start")
    started_at: datetime
    version: str
    state: Literal["working", "halted", "stopped"] = Field(
        description="halted: a consumer has stopped, since too many records failed, or a loop that nothing should end"
    )
    reason: str | None = Field(None, description="Why it has halted")
    waiting: dict[str, int] = Field(
        description="By topic the records that nobody has taken up, of the partitions that this process has"
    )
