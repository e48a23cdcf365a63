"""A look at a file before anything is saved: asked by somebody who waits, fetched in part, read, told by request id."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import Event, EventPart
from shared.events.set_up import RemoteSource, UploadedSource
from shared.rules.kinds import Kind

HIDDEN = "\u2022" * 4
"""Stands for the value of a password, whatever it is."""


class PreviewChoices(EventPart):
    """What somebody chose of how the file is read; null: to be detected."""

    delimiter: str | None = None
    quote: str | None = None
    has_header: bool | None = None
    skip_lines: int | None = None
    encoding: str | None = None
    comment: str | None = Field(None, description="Null: there are no comments")
    trim: bool = True
    phone_region: str | None = None
    decimal_separator: str = "."
    date_format: str | None = Field(None, description="Null: all that are usual are tried")
    password_columns: list[str] = Field(
        default_factory=list, description="Names or numbers of columns that hold passwords, beside those that say so"
    )


class PreviewRequested(Event):
    """Somebody wants to see the beginning of a file; of no use once they have stopped waiting."""

    event_type: ClassVar[str] = "contacts-sync.preview.requested.v1"

    request_id: UUID
    source: RemoteSource | UploadedSource = Field(discriminator="kind")
    choices: PreviewChoices
    time_zone: str = Field("UTC", description="For dates in the link")
    wanted_until: datetime


class FileSample(EventPart):
    """A file's first bytes, unpacked, sealed in the object store; deleted when they were read, or after an hour."""

    object_key: str
    bytes: int
    is_whole: bool = Field(description="It is all of the file")
    file_name: str
    file_bytes: int | None = Field(None, description="As the server says, packed where it is packed; null: unknown")
    file_modified: datetime | None = None
    host_key: str | None = Field(None, description="The fingerprint the SFTP server showed")


class PreviewFailure(EventPart):
    """Why there is nothing to see: the code that a run would end with."""

    code: str
    message: str


class PreviewFetched(Event):
    """The beginning of the file is there, or cannot be had."""

    event_type: ClassVar[str] = "contacts-sync.preview.fetched.v1"

    request_id: UUID
    choices: PreviewChoices
    wanted_until: datetime
    sample: FileSample | None = Field(None, description="Null: see `failure`")
    failure: PreviewFailure | None = None


class SuggestedEncoding(EventPart):
    """An encoding the file may be in, and what some of its words would be then."""

    encoding: str
    reason: str
    words: list[str]


class DetectedDialect(EventPart):
    """How the file is read: as chosen, else as detected; `reasons` say why, by the name of the member."""

    delimiter: str
    quote: str
    encoding: str
    has_header: bool
    skip_lines: int
    comment: str | None = None
    confirm: list[str] = Field(description="Members that are a mere guess, for a person to confirm")
    reasons: dict[str, str]
    encodings: list[SuggestedEncoding] = Field(description="The likeliest first; none where the encoding is sure")


class ColumnDetails(EventPart):
    """What the sample tells of a column; of one that holds passwords only how often it is filled."""

    name: str
    position: int = Field(description="From 1")
    samples: list[str] = Field(description="The first values that differ, shortened")
    filled: float = Field(description="Share of rows with a value")
    distinct: float = Field(description="Share of the values that differ from all before")
    kinds: list[Kind] = Field(description="That take every value of the sample")
    shares: dict[Kind, float] = Field(description="How large a part of the values looks like a kind; none: no part")
    date_formats: list[str] = Field(description="That read every value; several: a person has to say which")
    decimal_separators: list[str] = Field(default_factory=list, description="With which every value is a number")
    is_password: bool = False


class PreviewProblem(EventPart):
    """What is wrong with the file or one of its rows, or has to be confirmed."""

    line: int | None = None
    severity: Literal["error", "warning"]
    code: str
    message: str
    column: str | None = None


class FilePreview(EventPart):
    """The beginning of a file, as a run would read it."""

    detected: DetectedDialect
    columns: list[str]
    details: list[ColumnDetails]
    rows: list[list[str]] = Field(description="Without header and blank rows; long values are shortened")
    problems: list[PreviewProblem]
    rows_seen: int = Field(description="In the sample, of which `rows` are the first")
    is_whole: bool = Field(description="The sample is all of the file")
    file_name: str
    file_bytes: int | None = None
    file_modified: datetime | None = None
    host_key: str | None = None


class PreviewReady(Event):
    """The answer: a preview, or why there is none."""

    event_type: ClassVar[str] = "contacts-sync.preview.ready.v1"

    request_id: UUID
    preview: FilePreview | None = None
    failure: PreviewFailure | None = None
