"""Imports as they are read back: as created, without secrets."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.web.forms.credentials import SECRETS, credentials_of
from services.web.forms.import_input import (
    ImportInput,
    MappingInput,
    OptionsInput,
    ScheduleInput,
    UniqueIdInput,
)
from services.web.forms.input_part import READ_ONLY
from shared.events.set_up import RemoteSource
from shared.rules.due import open_from, upcoming_due
from shared.rules.recurrence import Schedule
from shared.rules.sentence import describe
from shared.sealing import Sealer
from shared.store.imports import SavedImport
from shared.store.managers import Manager
from shared.store.run_view import RunView
from shared.store.uploads import upload_id_of


class RemoteView(BaseModel):
    """A remote source; whether there are secrets, not which."""

    kind: Literal["remote"] = "remote"
    url: str
    login: str | None
    password: None = None
    private_key: None = None
    passphrase: None = None
    bearer_token: None = None
    headers: None = None
    has_password: bool
    has_private_key: bool
    has_passphrase: bool
    has_bearer_token: bool
    header_names: list[str]
    host_key: str | None
    ca_certificate: str | None


class UploadSourceView(BaseModel):
    """An uploaded source."""

    kind: Literal["upload"] = "upload"
    upload_id: UUID
    name: str
    bytes: int


class PauseView(BaseModel):
    """A pause of a schedule; without an end it lasts until it is resumed."""

    begins: datetime = Field(alias="from", serialization_alias="from")
    until: datetime | None
    reason: str | None


class ImportView(BaseModel):
    """An import as created, with its latest run and when the next ones are due."""

    id: UUID
    name: str
    manager_id: UUID
    source: RemoteView | UploadSourceView
    options: OptionsInput
    mapping: list[MappingInput]
    unique_id: UniqueIdInput
    schedule: ScheduleInput | None
    latest_run: RunView | None
    next_run_at: datetime | None
    schedule_sentence: str | None
    next_runs: list[datetime] = Field(description="The next five due times; a try again after a failure is none")
    pause: PauseView | None
    failures: int = Field(description="Scheduled runs in a row that failed or were refused")


def import_view(
    saved: SavedImport, manager: Manager, latest_run: RunView | None, sealer: Sealer, *, now: datetime
) -> ImportView:
    """Return an import as it is read back; the host key is the one given, else the first one seen."""
    setup = saved.setup
    source: RemoteView | UploadSourceView
    if isinstance(setup.source, RemoteSource):
        credentials = credentials_of(setup.source, sealer)
        source = RemoteView(
            url=setup.source.url,
            login=setup.source.login,
            has_password=credentials.password is not None,
            has_private_key=credentials.private_key is not None,
            has_passphrase=credentials.passphrase is not None,
            has_bearer_token=credentials.bearer_token is not None,
            header_names=list(credentials.headers or ()),
            host_key=setup.source.host_key or saved.host_key,
            ca_certificate=setup.source.ca_certificate,
        )
    else:
        source = UploadSourceView(
            upload_id=upload_id_of(setup.source), name=setup.source.name, bytes=setup.source.bytes
        )
    schedule = saved.schedule
    return ImportView(
        id=saved.id,
        name=saved.name,
        manager_id=saved.manager_id,
        source=source,
        options=OptionsInput(**setup.options.model_dump()),
        mapping=[
            MappingInput(
                column=line.column,
                field=manager.field_name(line.field) or str(line.field),
                case=line.case,
                constant=line.constant,
            )
            for line in setup.mapping
        ],
        unique_id=UniqueIdInput(
            field=manager.field_name(setup.unique_id.field) or str(setup.unique_id.field),
            generate=setup.unique_id.generate,
        ),
        schedule=ScheduleInput.of(schedule) if schedule else None,
        latest_run=latest_run,
        next_run_at=saved.next_run_at,
        schedule_sentence=describe(schedule) if schedule else None,
        next_runs=_next_runs(saved, schedule, now) if schedule else [],
        pause=PauseView.model_validate(
            {"from": saved.pause.begins, "until": saved.pause.ends, "reason": saved.pause.reason}
        )
        if saved.pause and (saved.pause.ends is None or saved.pause.ends > now)
        else None,
        failures=saved.failures,
    )


def _next_runs(saved: SavedImport, schedule: Schedule, now: datetime) -> list[datetime]:
    awaited = None if saved.next_run_at == saved.retry_at else saved.next_run_at
    return upcoming_due(schedule, saved.id, open_from(schedule, saved.id, now, awaited, saved.pause), saved.pause)


def document_to_patch(view: ImportView) -> dict[str, Any]:
    """Return the writable part of an import, as JSON, without what stands for secrets and for a seen host key."""
    document = view.model_dump(mode="json", include=set(ImportInput.model_fields))
    for name in (*SECRETS, *READ_ONLY):
        document["source"].pop(name, None)
    return document
