"""An import's set-up as it is stored, and as a run takes it along when it is queued."""

import hashlib
import json
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.events.mail_rules import MailRule
from shared.events.set_up import ParsedColumn, ParseRules, RemoteSource, UploadedSource
from shared.rules.kinds import Kind
from shared.rules.letter_case import Case


class StoredPart(BaseModel):
    """A value inside a stored set-up."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Limit(StoredPart):
    """So many changes of a kind, or such a share of the contacts, refuse a run; null: no limit."""

    count: int | None = None
    percent: float | None = None


class Limits(StoredPart):
    """An import's own limits, asked of its plan before the first write."""

    deletes: Limit = Limit()
    updates: Limit = Limit()
    adds: Limit = Limit()

    def any_set(self) -> bool:
        """Tell whether there is any limit."""
        return self != Limits()


class Options(StoredPart):
    """The choices of the options page."""

    has_header: bool = True
    delimiter: str = ","
    quote: str = '"'
    skip_lines: int = 0
    comment: str | None = None
    trim: bool = True
    encoding: str | None = None
    delete_missing: bool = False
    update_existing: bool = True
    every_time: bool = False
    error_emails: list[str] = []
    mails: list[MailRule] = []
    phone_region: str | None = None
    decimal_separator: str = "."
    date_format: str = "%Y-%m-%d"
    refused_values: Literal["reject", "keep"] = "reject"
    missing_columns: Literal["fail", "keep"] = "fail"
    expected_columns: int | None = None
    max_row_errors: int | None = None
    max_row_error_percent: float | None = None
    limits: Limits = Limits()


class MappingLine(StoredPart):
    """A file's column and the number of the field it fills; without a column every row gets the constant."""

    column: str | None
    field: int
    case: Case | None = None
    constant: str | None = None


class UniqueId(StoredPart):
    """The key field's number, and whether every row gets a fresh random code in it."""

    field: int
    generate: bool = False


class ImportSetup(StoredPart):
    """What a person set up, less name and schedule; secrets in it are sealed."""

    source: RemoteSource | UploadedSource = Field(discriminator="kind")
    options: Options = Options()
    mapping: list[MappingLine]
    unique_id: UniqueId


class FieldSpec(StoredPart):
    """A manager's field."""

    number: int
    name: str
    kind: Kind


class RunSetup(ImportSetup):
    """The set-up as it was when the run was queued."""

    name: str
    manager_name: str
    fields: list[FieldSpec]
    scheduled: bool = Field(description="The import has a schedule, be it paused or finished: the 10 % guard holds")
    time_zone: str = "UTC"

    def kind_of(self, number: int) -> Kind:
        """Return the kind of a field; one that was deleted since is text."""
        return next((field.kind for field in self.fields if field.number == number), Kind.TEXT)

    def has_passwords(self) -> bool:
        """Tell whether a column is mapped to a password."""
        return any(self.kind_of(line.field) is Kind.PASSWORD for line in self.mapping)

    def field_name(self, number: int) -> str:
        """Return the name of a field."""
        return next((field.name for field in self.fields if field.number == number), str(number))

    def parse_rules(self, manager_id: UUID, password_columns: Sequence[str] = ()) -> ParseRules:
        """Return what the parser needs to turn bytes into rows.

        `password_columns`: those of all the manager's imports, by `shared.store.password_columns`.
        """
        options = self.options
        key = next((line for line in self.mapping if line.field == self.unique_id.field), None)
        return ParseRules(
            manager_id=manager_id,
            delimiter=options.delimiter,
            quote=options.quote,
            has_header=options.has_header,
            skip_lines=options.skip_lines,
            comment=options.comment,
            encoding=options.encoding,
            trim=options.trim,
            refused_values=options.refused_values,
            missing_columns=options.missing_columns,
            expected_columns=options.expected_columns,
            columns=[
                ParsedColumn(
                    column=line.column,
                    field=line.field,
                    kind=self.kind_of(line.field),
                    case=line.case,
                    constant=line.constant,
                )
                for line in self.mapping
                if line.field != self.unique_id.field
            ],
            key_field=self.unique_id.field,
            key_column=None if self.unique_id.generate or key is None else key.column,
            key_kind=self.kind_of(self.unique_id.field),
            key_case=key.case if key else None,
            phone_region=options.phone_region,
            decimal_separator=options.decimal_separator,
            date_format=options.date_format,
            password_columns=list(password_columns),
        )

    def fingerprint(self) -> str:
        """Return a digest of all that decides what a file's bytes would do: equal set-ups, equal digests.

        As rules.md says of `unchanged`: e-mails, *every time* and renewed credentials don't count.
        """
        source: dict[str, str | None] = (
            {"url": self.source.url} if self.source.kind == "remote" else {"object": self.source.object_key}
        )
        mapped = {line.field for line in self.mapping} | {self.unique_id.field}
        options = self.options.model_dump(exclude={"error_emails", "mails", "every_time"})
        if not self.options.limits.any_set():
            del options["limits"]  # so that set-ups from before there were limits stay what they were
        parts = {
            "source": source,
            "options": options,
            "mapping": sorted((line.field, line.column, line.case, line.constant) for line in self.mapping),
            "unique_id": self.unique_id.model_dump(),
            "kinds": {str(number): self.kind_of(number) for number in sorted(mapped)},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


RunTrigger = Literal["schedule", "now", "api", "approve", "undo"]
