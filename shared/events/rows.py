"""Parsed rows, in batches that tile their chunk."""

from typing import ClassVar, Self

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from shared.events.base import EventPart, RunEvent


class SealedPassword(EventPart):
    """A row's password on its way: sealed, and a keyed fingerprint that tells whether it changed."""

    line: int
    field: int
    sealed: str
    fingerprint: str


class RowProblem(EventPart):
    """What is wrong with a row: a stable code and, where it is about one, the column."""

    code: str
    column: str | None = None


class RejectedRow(EventPart):
    """A row with errors; its contact counts as found where the unique id could be read."""

    line: int
    unique_id: str | None
    id_unreadable: bool
    offset: int = Field(description="Where in the stored text the row begins, in bytes")
    length: int = Field(description="In bytes, with the row's line end")
    problems: list[RowProblem]


class WarnedRow(EventPart):
    """A good row of which some values were refused, so that the stored ones stay."""

    line: int
    unique_id: str | None
    problems: list[RowProblem]


class RowsParsed(RunEvent):
    """Some of a chunk's records: `first` and `count` say which, `first_line` and `lines` where they stand.

    `count` = `good` + rejected + `blank` + `header` + `skipped`.

    On the wire one line of JSON, and after it, as they are, the bytes of an Arrow IPC stream with zstd inside: the good
    rows, with `line`, `unique_id` (null: keys are generated), `values` and `kept`. `values` are those of the fields
    that the stream's metadata names as `fields` (of those below all but passwords), parted by U+0000; `kept` are those
    fields of which the stored value stays.
    """

    event_type: ClassVar[str] = "contacts-sync.rows.parsed.v2"
    content_type: ClassVar[str] = "application/vnd.contacts-sync.rows"

    sha256: str
    chunk: int
    first: int
    count: int
    first_line: int
    lines: int
    is_last: bool
    chunk_bytes: int = Field(description="Bytes of the chunk, as parsed")
    batching_version: int
    fields: list[int] = Field(description="The fields that these rows fill")
    missing_columns: list[str] = Field(
        default_factory=list, description="Mapped columns the file lacks: stored values of their fields stay"
    )
    good: int = Field(description="Rows in the table")
    blank: int
    header: int
    skipped: int
    rows: SkipJsonSchema[bytes] = Field(default=b"", exclude=True)
    passwords: list[SealedPassword] = Field(default_factory=list)
    rejected: list[RejectedRow]
    warned: list[WarnedRow] = Field(default_factory=list)

    def as_body(self) -> bytes:
        """Return the line of JSON, and the rows after it."""
        return super().as_body() + b"\n" + self.rows

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Return the event of a body; ValidationError where it is none."""
        line = cls.json_of(body)
        return cls.model_validate_json(line).model_copy(update={"rows": body[len(line) + 1 :]})

    @classmethod
    def json_of(cls, body: bytes) -> bytes:
        """Return the line of JSON."""
        end = body.find(b"\n")
        return body if end < 0 else body[:end]
