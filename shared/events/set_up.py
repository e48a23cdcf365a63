"""An import's set-up as it was when its run was queued: all that fetcher and parser need to know."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import EventPart
from shared.rules.kinds import Kind


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

    column: str
    field: int = Field(description="The field's number within its manager")
    kind: Kind


class ParseRules(EventPart):
    """How the file's bytes become rows."""

    manager_id: UUID
    delimiter: str = ","
    has_header: bool = True
    encoding: str | None = Field(None, description="Null: byte order mark, else UTF-8")
    trim: bool = True
    columns: list[ParsedColumn] = Field(description="Without the key's column where it is mapped")
    key_field: int
    key_column: str | None = Field(description="Null: keys are generated")
    key_kind: Kind = Kind.TEXT
    phone_region: str | None = None
    decimal_separator: str = "."
    date_format: str = "%Y-%m-%d"
