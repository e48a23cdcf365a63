"""A run's life: asked for, under way, stopped, to be applied, finished."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import EventPart, RunEvent
from shared.events.files import StoredFile, Validators
from shared.events.mail_rules import MailRule
from shared.events.set_up import ParseRules, RemoteSource, UploadedSource

FinalStatus = Literal["succeeded", "succeeded_with_errors", "planned", "unchanged", "refused", "failed", "cancelled"]


class ImportRequested(RunEvent):
    """A run is to be fetched; carries everything, because fetcher and parser have no database."""

    event_type: ClassVar[str] = "contacts-sync.import.requested.v1"

    source: RemoteSource | UploadedSource = Field(discriminator="kind")
    parse: ParseRules
    last_applied_sha256: str | None = Field(
        None, description="Set when a file of this hash changes nothing and so ends the run as unchanged"
    )
    last_applied_validators: Validators | None = Field(
        None, description="Set with the hash where the file came with them: a server may then say that it is the same"
    )
    time_zone: str = Field("UTC", description="The import's own, for dates in the link")
    stored: StoredFile | None = Field(None, description="Set when an earlier attempt stored the file whole")
    asked: bool = Field(
        default=False, description="Somebody asked for the run and waits: it goes before those that schedules start"
    )


class ImportProgressed(RunEvent):
    """A service is at work on the run: the run's heartbeat."""

    event_type: ClassVar[str] = "contacts-sync.import.progressed.v1"

    step: Literal["fetching", "staging"]
    service: str
    bytes: int | None = Field(None, description="Bytes fetched so far; null: this says nothing of bytes")
    bytes_total: int | None = None
    waited_ms: int = Field(0, description="How long the record in hand had waited before it was taken up")
    host_key: str | None = Field(None, description="The fingerprint the SFTP server showed")
    waits_for_turn: bool = Field(
        default=False, description="Taken up, and not begun: so many are fetched at once in all, and from one server"
    )


class ImportStopped(RunEvent):
    """The fetcher or the parser has no more to do: the run ends here; the scheduler closes it."""

    event_type: ClassVar[str] = "contacts-sync.import.stopped.v1"

    outcome: Literal["unchanged", "failed"]
    code: str | None = None
    message: str | None = None
    file_name: str | None = None
    file_bytes: int | None = None
    file_sha256: str | None = None
    host_key: str | None = Field(None, description="The fingerprint the SFTP server showed")


class ImportCancelled(RunEvent):
    """A person stopped the run before it began to apply."""

    event_type: ClassVar[str] = "contacts-sync.import.cancelled.v1"


class ApplyRequested(RunEvent):
    """The run's plan is to be made, where there is none yet, and applied."""

    event_type: ClassVar[str] = "contacts-sync.apply.requested.v1"


class RunCounts(EventPart):
    """What a run did; `read` = added + updated + unchanged + rejected + duplicates."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0
    duplicates: int = 0


class RunError(EventPart):
    """Why a run failed or was refused."""

    code: str
    message: str


class RunNote(EventPart):
    """What looks unusual about a run's plan, and held nothing up: a stable code, and a sentence for people."""

    code: str
    message: str


class FinishedProblem(EventPart):
    """One of the first problems of a run; null `line`: it is about the file as a whole."""

    line: int | None
    severity: Literal["error", "warning"]
    code: str
    message: str
    column: str | None = None


class ImportFinished(RunEvent):
    """A run has ended; said exactly once for each run, repeated only by redelivery."""

    event_type: ClassVar[str] = "contacts-sync.import.finished.v1"

    status: FinalStatus = Field(description="Contacts were changed only where it succeeded, with errors or without")
    trigger: str = Field(description="Who began it: `schedule`, `now` (on the pages), `api`, `approve` or `undo`")
    dry_run: bool = Field(description="True: it was only to show what it would change")
    import_name: str
    manager_id: UUID
    manager_name: str
    counts: RunCounts
    error: RunError | None
    problem_count: int = Field(0, description="Errors and warnings, all of them")
    problems: list[FinishedProblem] = Field(description="The first 20")
    file_name: str | None
    file_sha256: str | None
    error_emails: list[str] = Field(description="Who is told of failures, refusals and errors")
    mails: list[MailRule] = Field([], description="Who else is told of what")
    time_zone: str = Field("UTC", description="The import's own, for times that people read")
    queued_at: datetime
    finished_at: datetime
