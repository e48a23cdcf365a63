"""A file: stored whole under its hash, and cut into chunks at record ends."""

from typing import ClassVar

from pydantic import Field

from shared.events.base import EventPart, RunEvent
from shared.events.set_up import ParseRules


class Validators(EventPart):
    """An HTTP server's marks of a file, word for word: with them it can say that the file is still the same."""

    etag: str | None = None
    last_modified: str | None = None


class StoredFile(EventPart):
    """Where the object store has a file's text, and what the file was."""

    object_key: str
    name: str
    sha256: str = Field(description="Of the file's content, after unpacking")
    bytes: int = Field(description="Of the file's content")
    text_bytes: int = Field(description="As stored: without a byte order mark, in `encoding`")
    encoding: str = Field(description="UTF-8, or a single-byte encoding")
    written_in: str | None = Field(None, description="The encoding the file itself was in; null: as stored")
    lines: int | None = Field(None, description="Physical lines of the file; null: not counted")
    validators: Validators | None = Field(None, description="What an HTTP server said of the file; null: nothing")


class ChunkRange(EventPart):
    """A range of the stored text that begins and ends with a record."""

    index: int
    offset: int
    length: int
    first_line: int
    blocks: list[tuple[int, int]] = Field(
        default_factory=list,
        description="The parts that tile it, each of whole records: length in bytes, first line; none: it is one part",
    )


class ChunkReady(RunEvent):
    """A chunk can be parsed; said only after the file was stored whole and hashed."""

    event_type: ClassVar[str] = "contacts-sync.chunk.ready.v1"

    file: StoredFile
    chunk: ChunkRange
    parse: ParseRules


class FileFetched(RunEvent):
    """The file is stored and all its chunks have been said; the attempt's first one fixes the SHA-256."""

    event_type: ClassVar[str] = "contacts-sync.file.fetched.v1"

    file: StoredFile
    chunks: int = Field(ge=1)
    host_key: str | None = Field(None, description="The fingerprint the SFTP server showed")
