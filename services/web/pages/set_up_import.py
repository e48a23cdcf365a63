"""The page on which an import is set up or edited."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change_imports import change_import, make_import
from services.web.dependencies.change_managers import make_field
from services.web.dependencies.file_form import FileForm, read_file_form
from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.try_source import try_input
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor
from services.web.forms.credentials import SECRETS
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_document import ImportView
from services.web.forms.import_form import ImportForm, document_of, empty_form, form_of, form_sent
from services.web.forms.import_input import ImportInput, RemoteInput
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.forms.manager_input import FieldInput
from services.web.pages.render import page, time_zones
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import TransientError, UserError
from shared.rules.kinds import Kind
from shared.rules.roles import Role
from shared.store.imports import get_import
from shared.store.managers import get_manager
from shared.store.runs import request_run

router = page_router()

_MORE_LINES = 5
_HARMLESS: dict[str, Any] = {"name": "-", "schedule": None}


@dataclass
class _Sheet:
    """The form in hand; `entry` is the import that is edited, None for a new one."""

    manager_id: UUID
    form: ImportForm
    entry: ImportView | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    lines: int = 0
    password_lost: bool = False


@router.post("/imports/test-connection")
@needs(Role.EDITOR)
async def show_connection_test(
    request: Request,
    resources: Open,
    visitor: Visitor,
    edited: Annotated[UUID | None, Query(alias="import")] = None,
) -> Response:
    """Try the source as it stands in the form, and show how far that came, as a part of the page."""
    sent = await read_file_form(request, resources, visitor)
    saved = None
    if edited is not None:
        async with resources.database.pool.acquire() as connection:
            saved = await get_import(connection, edited)
    secrets = {name: sent.text(name) for name in SECRETS}
    document = document_of(form_sent(sent.text, sent.every, [*sent.texts]), secrets, "")["source"]
    errors: list[str] = []
    tested = None
    try:
        wanted = RemoteInput.model_validate(document)
        tested = await try_input(resources, wanted, saved, time_zone=sent.text("time_zone") or "UTC")
    except InvalidInputError as error:
        errors = [each.message for each in error.errors]
    except ValidationError as error:
        errors = [each.message for each in input_errors(error).errors]
    except (UserError, TransientError) as error:
        errors = [error.message]
    return page(request, "connection_test.html", visitor, tested=tested, errors=errors)


@router.get("/imports/new")
@needs(Role.EDITOR)
async def show_new(request: Request, resources: Open, visitor: Visitor, manager: UUID) -> Response:
    """Show an empty form."""
    return await _show(request, resources, visitor, _Sheet(manager, empty_form()))


@router.post("/imports/new")
@needs(Role.EDITOR)
async def save_new(request: Request, resources: Open, visitor: Visitor, manager: UUID) -> Response:
    """Save a new import."""
    return await _save(request, resources, visitor, manager, None)


@router.get("/imports/{import_id}/edit")
@needs(Role.EDITOR)
async def show_edit(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show the form of a saved import."""
    entry = await _entry(resources, import_id)
    return await _show(request, resources, visitor, _Sheet(entry.manager_id, form_of(entry), entry))


@router.post("/imports/{import_id}/edit")
@needs(Role.EDITOR)
async def save_edit(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Save an import anew."""
    entry = await _entry(resources, import_id)
    return await _save(request, resources, visitor, entry.manager_id, entry)


async def _save(
    request: Request, resources: Resources, visitor: Session, manager_id: UUID, entry: ImportView | None
) -> Response:
    sent = await read_file_form(request, resources, visitor)
    form = form_sent(sent.text, sent.every, [*sent.texts])
    if sent.upload is not None:
        form.values |= {"upload_id": str(sent.upload.upload_id), "upload_name": sent.upload_name}
    # What is secret is never sent back, so it has to be typed again.
    typed = any(sent.text(name) for name in SECRETS)
    sheet = _Sheet(manager_id, form, entry, password_lost=typed)
    action = sent.text("action")
    try:
        if action == "more":
            sheet.lines = len(form.lines) + _MORE_LINES
        elif action == "add_field":
            await _add_field(resources, visitor, sheet)
        else:
            import_id = await _store(resources, visitor, sheet, sent)
            if action in {"run", "dry_run"}:
                async with resources.transaction() as connection:
                    run_id = await request_run(
                        connection,
                        import_id,
                        trigger="now",
                        now=resources.clock.now(),
                        dry_run=action == "dry_run",
                        account_id=visitor.account_id,
                    )
                return RedirectResponse(f"/runs/{run_id}", 303)
            return RedirectResponse(f"/managers/{manager_id}/imports", 303)
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        for each in shown.errors if isinstance(shown, InvalidInputError) else [shown]:
            sheet.errors.setdefault(each.field or "form", []).append(each.message)
    return await _show(request, resources, visitor, sheet)


async def _store(resources: Resources, visitor: Session, sheet: _Sheet, sent: FileForm) -> UUID:
    secrets = {name: sent.text(name) for name in SECRETS}
    document = document_of(sheet.form, secrets, str(sheet.manager_id))
    if document["source"]["kind"] == "upload" and not document["source"]["upload_id"]:
        raise UserError("file_missing", "Choose a file from your computer.", field="source.upload_id")
    async with resources.change(visitor.actor) as change:
        desk = ImportDesk(change.connection, resources.sealer, change.now)
        if sheet.entry is None:
            draft = await draft_import(desk, await _whole_input(desk, document))
            return await make_import(change, resources.sealer, draft)
        saved = await get_import(change.connection, sheet.entry.id, lock=True)
        if document["source"].get("host_key") == saved.host_key:
            document["source"].pop("host_key", None)  # shown because it was seen, not because it was given
        await change_import(change, resources.sealer, saved, document)
        return saved.id


async def _whole_input(desk: ImportDesk, document: dict[str, Any]) -> ImportInput:
    """Return the input; where its shape is wrong, judge the rest too, so that all errors are told at once."""
    try:
        return ImportInput.model_validate(document)
    except ValidationError as error:
        errors = input_errors(error).errors
        wrong = {(each.field or "").partition(".")[0] for each in errors}
        rest = document | {name: value for name, value in _HARMLESS.items() if name in wrong}
        if wrong <= _HARMLESS.keys():
            try:
                await draft_import(desk, ImportInput.model_validate(rest))
            except InvalidInputError as more:
                errors += [each for each in more.errors if (each.field or "").partition(".")[0] not in wrong]
        raise InvalidInputError(errors) from error


async def _add_field(resources: Resources, visitor: Session, sheet: _Sheet) -> None:
    values = sheet.form.values
    wanted = {"name": values.get("new_field", ""), "kind": values.get("new_kind", "text")}
    try:
        field_input = FieldInput.model_validate(wanted)
        async with resources.change(visitor.actor) as change:
            await make_field(change, sheet.manager_id, field_input)
    except ValidationError as error:
        raise UserError("invalid", input_errors(error).message, field="new_field") from error
    except UserError as error:
        raise error.at("new_field") from error
    values["new_field"] = ""


async def _show(request: Request, resources: Resources, visitor: Session, sheet: _Sheet) -> Response:
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, sheet.manager_id)
    return page(
        request,
        "import_form.html",
        visitor,
        status=422 if sheet.errors else 200,
        manager=manager,
        entry=sheet.entry,
        values=sheet.form.values,
        lines=sheet.form.shown_lines(max(sheet.lines, len(manager.fields))),
        errors=sheet.errors,
        password_lost=sheet.password_lost,
        kinds=[kind.value for kind in Kind],
        time_zones=time_zones(),
    )


async def _entry(resources: Resources, import_id: UUID) -> ImportView:
    async with resources.database.pool.acquire() as connection:
        saved = await get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]
