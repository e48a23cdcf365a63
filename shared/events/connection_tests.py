"""A try at a source, step by step: asked by somebody who waits for the answer, and told by request id."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event, EventPart
from shared.events.set_up import RemoteSource


class ConnectionTestRequested(Event):
    """Somebody wants to know whether a file can be fetched; of no use once they have stopped waiting."""

    event_type: ClassVar[str] = "contacts-sync.connection.test.requested.v1"

    request_id: UUID
    source: RemoteSource
    time_zone: str = Field("UTC", description="For dates in the link")
    wanted_until: datetime


class TestedStep(EventPart):
    """One step to the file; `message` says what went wrong and what to do about it."""

    __test__: ClassVar[bool] = False  # the name is no test class's

    step: Literal["address", "connect", "tls", "host_key", "login", "path", "read", "stable"]
    verdict: Literal["passed", "failed", "not_reached"]
    milliseconds: int | None = None
    code: str | None = None
    message: str | None = None


class ConnectionTested(Event):
    """How far a try came; nothing was stored, and nothing pinned."""

    event_type: ClassVar[str] = "contacts-sync.connection.tested.v1"

    request_id: UUID
    passed: bool
    steps: list[TestedStep] = Field(description="In order; of a source that cannot be read none")
    code: str | None = Field(None, description="Of what failed")
    message: str | None = None
    host_key: str | None = Field(None, description="The fingerprint the SFTP server showed")
    file_name: str | None = Field(None, description="The file that was found, which a pattern does not say")
    file_bytes: int | None = None
    file_modified: datetime | None = None
