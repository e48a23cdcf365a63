"""What every event has, and how it names itself on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json


class EventPart(BaseModel):
    """A value inside an event; unknown fields are ignored, so that adding one breaks no reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(EventPart):
    """A fact; `event_type` is its CloudEvents type, whose version rises only on a breaking change."""

    event_type: ClassVar[str]
    content_type: ClassVar[str] = "application/json"

    event_id: UUID
    occurred_at: datetime = Field(description="UTC")

    def as_body(self) -> bytes:
        """Return the event's body on the wire; without the detour over a text, which takes longer than the rest."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def body_of(cls, values: Mapping[str, Any]) -> bytes:
        """Return the body of an event with these values of all its fields, which are taken as they are.

        For events by the thousand, of what has been checked before: half of what an event costs is checking it.
        """
        return to_json(values)

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Return the event of a body; ValidationError where it is none of this type."""
        return cls.model_validate_json(body)

    @classmethod
    def json_of(cls, body: bytes) -> bytes:
        """Return the JSON of a body, of which it need not be all."""
        return body


class RunEvent(Event):
    """A fact about one attempt at one run; an event of an attempt that is no longer current is dropped."""

    run_id: UUID
    import_id: UUID
    attempt: int = Field(ge=1, description="Counts how often the run was begun, because a service had died")
