"""A preview for whoever asks: the beginning of the file, and what it may be mapped to."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.web.dependencies.mapping_evidence import remembered_mappings, stored_evidence
from services.web.dependencies.resources import Resources
from services.web.dependencies.try_source import source_as_entered
from services.web.forms.import_input import RemoteInput
from services.web.forms.input_errors import ErrorList
from services.web.forms.preview_input import PreviewInput
from services.web.proposals.evidence import StoredEvidence, Target
from services.web.proposals.mapping import ProposedLine, propose_mapping, suggested_kind
from services.web.proposals.notation import Notations, propose_notation
from services.web.proposals.unique_id import propose_unique_id
from shared.errors import UserError
from shared.events.previews import ColumnDetails, DetectedDialect, FilePreview, PreviewProblem
from shared.events.set_up import Source
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.rules.recurrence import time_zone_named
from shared.rules.trimming import trim
from shared.store.import_drafts import get_import_or_own_draft
from shared.store.imports import SavedImport
from shared.store.managers import Manager, get_manager
from shared.store.password_columns import password_columns
from shared.store.uploads import uploaded_source

_ROWS = 50


class ProposedMapping(BaseModel):
    """A line that may become one of the mapping, and why."""

    column: str
    field: str
    kind: Kind
    is_new: bool = Field(default=False, description="The manager has no such field yet, or no manager was named")
    score: int = Field(description="How sure it is, to 100")
    evidence: list[str]


class ProposedUniqueId(BaseModel):
    """What may tell contacts apart; null members have to be chosen."""

    column: str | None
    field: str | None
    generate: bool = False
    score: int
    evidence: list[str]


class ColumnView(ColumnDetails):
    """A column, and the kind a new field for it would best have."""

    suggested_kind: Kind


class PreviewFile(BaseModel):
    """The file that was found."""

    name: str
    bytes: int | None
    modified: datetime | None
    host_key: str | None = Field(description="The fingerprint the SFTP server showed")


class PreviewView(BaseModel):
    """The beginning of a file as a run would read it, and a proposed mapping."""

    detected: DetectedDialect
    columns: list[str]
    rows: list[list[str]] = Field(description="Without the header; passwords and very long values are not shown")
    problems: list[PreviewProblem]
    proposed_mapping: list[ProposedMapping]
    proposed_unique_id: ProposedUniqueId | None
    proposed_notation: Notations
    unmapped_columns: list[str]
    column_details: list[ColumnView]
    rows_seen: int = Field(description="Rows of the part that was read")
    is_whole: bool = Field(description="That part is all of the file")
    file: PreviewFile


async def show_preview(resources: Resources, account_id: UUID | None, wanted: PreviewInput) -> PreviewView:
    """Return a preview; UserError with all that is wrong with the input, or with the file or its server.

    TransientError `preview_timeout`.
    """
    time_zone_named(wanted.time_zone)
    async with resources.database.pool.acquire() as connection:
        saved = None
        if wanted.import_id:
            saved = await get_import_or_own_draft(connection, wanted.import_id, account_id)
        manager_id = wanted.manager_id or (saved.manager_id if saved else None)
        manager = await _manager(connection, manager_id)
        source = await _source(connection, resources, wanted, saved)
        hidden = [*_own_passwords(wanted, saved, manager), *await password_columns(connection)]
    choices = wanted.options.choices(list(dict.fromkeys(hidden)))
    preview = await resources.previews.preview(source, choices, time_zone=wanted.time_zone)
    chosen = wanted.options.date_format
    if manager is None:
        return _view(preview, _new_fields(preview), None, _kinds_of_values(preview), chosen)
    async with resources.database.pool.acquire() as connection:
        stored = await stored_evidence(connection, manager, preview)
        remembered = await remembered_mappings(connection, manager) if preview.detected.has_header else {}
    targets = [Target(field.number, field.name, field.kind) for field in manager.fields]
    lines = await asyncio.to_thread(
        propose_mapping, preview.details, targets, remembered, stored, key_field=manager.key_field
    )
    proposed = _lines(preview, lines, targets)
    kinds = {line.column: line.kind for line in proposed} | _mapped_kinds(wanted, manager)
    return _view(preview, proposed, _unique_id(preview, lines, stored, targets, manager), kinds, chosen)


async def _manager(connection: Connection, manager_id: UUID | None) -> Manager | None:
    if manager_id is None:
        return None
    try:
        return await get_manager(connection, manager_id)
    except UserError as error:
        raise error.at("manager_id") from error


async def _source(
    connection: Connection, resources: Resources, wanted: PreviewInput, saved: SavedImport | None
) -> Source:
    errors = ErrorList()
    source: Source | None = None
    with errors.check():
        wanted.options.check()
    with errors.check():
        if isinstance(wanted.source, RemoteInput):
            source = source_as_entered(resources, wanted.source, saved, errors)
        else:
            source = await uploaded_source(connection, wanted.source.upload_id)
    errors.raise_any()
    assert source is not None
    return source


def _own_passwords(wanted: PreviewInput, saved: SavedImport | None, manager: Manager | None) -> list[str]:
    """Return the columns that the mapping in hand, or the saved one, maps to passwords."""
    if manager is None:
        return []
    fields = {field.number: field for field in manager.fields}
    given = [(line.column, manager.find_field(trim(line.field))) for line in wanted.mapping]
    kept = [(line.column, fields.get(line.field)) for line in saved.setup.mapping] if saved else []
    return [column for column, field in [*given, *kept] if column and field and field.kind is Kind.PASSWORD]


def _mapped_kinds(wanted: PreviewInput, manager: Manager) -> dict[str, Kind]:
    """Return the kinds of the fields that the mapping in hand maps columns to."""
    found = [(line.column, manager.find_field(trim(line.field))) for line in wanted.mapping]
    return {trim(column): field.kind for column, field in found if column and field}


def _kinds_of_values(preview: FilePreview) -> dict[str, Kind]:
    """Return the kinds that new fields would have; what is a number may be a code, too."""
    return {
        column.name: Kind.DATE if Kind.DATE in column.kinds and Kind.NUMBER not in column.kinds else Kind.NUMBER
        for column in preview.details
        if Kind.DATE in column.kinds or column.decimal_separators == [","]
    }


def _lines(preview: FilePreview, lines: list[ProposedLine], targets: list[Target]) -> list[ProposedMapping]:
    by_number = {target.number: target for target in targets}
    return [
        ProposedMapping(
            column=preview.columns[line.column],
            field=by_number[line.field].name,
            kind=by_number[line.field].kind,
            score=line.score,
            evidence=line.evidence,
        )
        for line in lines
    ]


def _new_fields(preview: FilePreview) -> list[ProposedMapping]:
    """Return a new field for each column, of the kind that fits it, where no manager was named."""
    return [
        ProposedMapping(
            column=column.name,
            field=column.name if preview.detected.has_header else f"Column {column.name}",
            kind=suggested_kind(column),
            is_new=True,
            score=50,
            evidence=["No contact manager was named: a field of the same name, of the kind that takes all values."],
        )
        for column in preview.details
    ]


def _unique_id(
    preview: FilePreview, lines: list[ProposedLine], stored: StoredEvidence, targets: list[Target], manager: Manager
) -> ProposedUniqueId | None:
    by_number = {target.number: target for target in targets}
    key = by_number.get(manager.key_field) if manager.key_field is not None else None
    found = propose_unique_id(preview.details, lines, stored, key_field=key, has_contacts=manager.contact_count > 0)
    if found is None:
        return None
    return ProposedUniqueId(
        column=None if found.column is None else preview.columns[found.column],
        field=None if found.field is None else by_number[found.field].name,
        score=found.score,
        evidence=found.evidence,
    )


def _view(
    preview: FilePreview,
    proposed: list[ProposedMapping],
    unique_id: ProposedUniqueId | None,
    kinds: dict[str, Kind],
    chosen_format: str | None,
) -> PreviewView:
    mapped = {line.column for line in proposed}
    dates, numbers = ([name for name, kind in kinds.items() if kind is each] for each in (Kind.DATE, Kind.NUMBER))
    notation, problems = propose_notation(preview.details, dates, numbers, chosen=chosen_format)
    about: dict[str, Any] = {
        "detected": preview.detected,
        "columns": preview.columns,
        "rows": preview.rows[:_ROWS],
        "problems": [*preview.problems, *problems],
        "proposed_notation": notation,
        "rows_seen": preview.rows_seen,
        "is_whole": preview.is_whole,
    }
    return PreviewView(
        **about,
        proposed_mapping=proposed,
        proposed_unique_id=unique_id,
        unmapped_columns=[name for name in preview.columns if name not in mapped],
        column_details=[
            ColumnView(**column.model_dump(), suggested_kind=suggested_kind(column)) for column in preview.details
        ],
        file=PreviewFile(
            name=preview.file_name,
            bytes=preview.file_bytes,
            modified=preview.file_modified,
            host_key=preview.host_key,
        ),
    )
