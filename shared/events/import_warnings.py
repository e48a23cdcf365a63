"""What the people of an import have to know though no run says it."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event
from shared.events.mail_rules import MailRule


class ImportWarned(Event):
    """A file is late, or a schedule has paused itself; said once for each deadline and each pause."""

    event_type: ClassVar[str] = "contacts-sync.import.warned.v1"

    import_id: UUID
    import_name: str
    manager_id: UUID
    manager_name: str
    warning: Literal["file_late", "schedule_paused"]
    message: str = Field(description="A whole sentence for people")
    expected_at: datetime | None = Field(None, description="When the file should have come")
    failures: int | None = Field(None, description="Runs in a row that failed or were refused")
    last_run_id: UUID | None = Field(None, description="The import's newest run, where there is one")
    error_emails: list[str]
    mails: list[MailRule] = Field([], description="Who else is told of what")
    time_zone: str = Field("UTC", description="The import's own, for times that people read")
