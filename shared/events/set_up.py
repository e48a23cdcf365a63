"""An import's set-up as it was when its run was queued: all that fetcher and parser need to know."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import EventPart
from shared.rules.dialect import Dialect
from shared.rules.kinds import Kind
from shared.rules.letter_case import Case


class RemoteSource(EventPart):
    """A file on a server; `secrets` is sealed JSON.

    It holds, each where there is one, `password`, `private_key`, `passphrase`, `bearer_token` and `headers` (a JSON
    object of names and values).
    """

    kind: Literal["remote"] = "remote"
    url: str
    login: str | None = None
    secrets: str | None = Field(None, description="Sealed; never in clear")
    host_key: str | None = Field(
        None, description="The SHA256 fingerprint an SFTP server must show; null: not yet known"
    )
    ca_certificate: str | None = Field(None, description="PEM; null: the system's roots")


class UploadedSource(EventPart):
    """A file that was handed in; its bytes lie in the object store."""

    kind: Literal["upload"] = "upload"
    object_key: str
    name: str
    bytes: int


Source = RemoteSource | UploadedSource


class ParsedColumn(EventPart):
    """One line of the mapping: a file's column, by header name or by number, and the field it fills."""

    column: str | None = Field(description="Null: every row gets the constant")
    field: int = Field(description="The field's number within its manager")
    kind: Kind
    case: Case | None = Field(None, description="What becomes of its letters")
    constant: str | None = None


class ParseRules(EventPart):
    """How the file's bytes become rows."""

    manager_id: UUID
    delimiter: str = ","
    quote: str = '"'
    has_header: bool = True
    skip_lines: int = Field(0, description="Physical lines before the table")
    comment: str | None = Field(None, description="A line that begins with it is passed over; null: none is")
    encoding: str | None = Field(None, description="Null: byte order mark, else UTF-8")
    trim: bool = True
    refused_values: Literal["reject", "keep"] = Field(
        "reject", description="What a kind refuses: rejects the row, or keeps the stored value with a warning"
    )
    missing_columns: Literal["fail", "keep"] = Field(
        "fail", description="A mapped column the file lacks, not the key's: fails the run, or keeps stored values"
    )
    expected_columns: int | None = Field(
        None, description="Of a file without a header: another number of columns fails the run; null: any"
    )
    columns: list[ParsedColumn] = Field(description="Without the key's column where it is mapped")
    key_field: int
    key_column: str | None = Field(description="Null: keys are generated")
    key_kind: Kind = Kind.TEXT
    key_case: Case | None = None
    phone_region: str | None = None
    decimal_separator: str = "."
    date_format: str = "%Y-%m-%d"
    password_columns: list[str] = Field(
        default_factory=list,
        description="Names of columns that imports of the manager map to passwords: none may be shown as a unique id",
    )

    def dialect(self) -> Dialect:
        """Return how the file is written."""
        return Dialect(
            delimiter=self.delimiter,
            quote=self.quote,
            has_header=self.has_header,
            encoding=self.encoding,
            skip_lines=self.skip_lines,
            comment=self.comment,
        )
