"""Parsed rows, in batches that tile their chunk."""

from typing import ClassVar

from pydantic import Field

from shared.events.base import EventPart, RunEvent


class SealedPassword(EventPart):
    """A row's password on its way: sealed, and a keyed fingerprint that tells whether it changed."""

    line: int
    field: int
    sealed: str
    fingerprint: str


ParsedRow = tuple[int, str | None, list[str | None]]
"""A row without errors: line, unique id (null: keys are generated), and values in the order of the event's `fields`,
null at a password's place. An array, not an object: a batch has thousands."""


class RowProblem(EventPart):
    """One reason why a row was rejected: a stable code and, where it is about one, the column."""

    code: str
    column: str | None = None


class RejectedRow(EventPart):
    """A row with errors; its contact counts as found where the unique id could be read."""

    line: int
    unique_id: str | None
    id_unreadable: bool
    problems: list[RowProblem]


class RowsParsed(RunEvent):
    """Some of a chunk's records; `first` and `count` say which, and the last batch how many bytes the chunk had."""

    event_type: ClassVar[str] = "contacts-sync.rows.parsed.v1"

    sha256: str
    chunk: int
    first: int
    count: int
    is_last: bool
    chunk_bytes: int = Field(description="Bytes of the chunk, as parsed")
    batching_version: int
    fields: list[int] = Field(description="The fields that `values` fill, in order")
    rows: list[ParsedRow] = Field(description="Each: line, unique id, values")
    passwords: list[SealedPassword] = Field(default_factory=list)
    rejected: list[RejectedRow]
