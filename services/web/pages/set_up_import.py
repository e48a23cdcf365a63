"""The page on which an import is set up or edited."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.change import Change
from services.web.dependencies.change_imports import make_import
from services.web.dependencies.change_managers import make_field
from services.web.dependencies.page_route import page_router
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.set_up_drafts import finish_set_up, save_edited, secrets_of_draft
from services.web.dependencies.set_up_form import SentSetUp, read_set_up
from services.web.dependencies.start_saved import newest_run, start_saved
from services.web.dependencies.view_imports import view_imports
from services.web.dependencies.visitor import Visitor
from services.web.forms.import_checks import ImportDesk, draft_import
from services.web.forms.import_document import ImportView
from services.web.forms.import_form import ImportForm, empty_form, form_of
from services.web.forms.import_input import ImportInput
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.forms.kept_form import form_from_json
from services.web.forms.manager_input import FieldInput
from services.web.pages.render import page, time_zones
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.rules.roles import Role
from shared.store.idempotency import KeptAnswer, keep_answer, kept_answer
from shared.store.import_drafts import SetUpDraft, find_draft, get_draft
from shared.store.imports import get_import
from shared.store.managers import get_manager

router = page_router()

_MORE_LINES = 5
_MOST_LINES = 20
"""So many at most are there to be filled for a manager's fields, before more are asked for; scripts need none."""
_HARMLESS: dict[str, Any] = {"name": "-", "schedule": None}


@dataclass
class _Sheet:
    """The form in hand; `entry` is the import that is edited, None for a new one; `kept` the one with saved secrets."""

    manager_id: UUID
    form: ImportForm
    entry: ImportView | None = None
    kept: ImportView | None = None
    draft_id: UUID | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    lines: int = 0
    password_lost: bool = False


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


@router.get("/imports/drafts/{draft_id}")
@needs(Role.EDITOR)
async def show_draft(draft_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show the form of a set-up that was not finished, as it was left."""
    async with resources.transaction() as connection:
        draft = await get_draft(connection, draft_id, visitor.account_id)
        entry, kept = await _imports_of(connection, resources, draft)
    form, had_secrets = form_from_json(draft.form)
    lost = had_secrets and draft.import_id is None
    sheet = _Sheet(draft.manager_id, form, entry, kept, draft.id, password_lost=lost)
    return await _show(request, resources, visitor, sheet)


@router.get("/imports/{import_id}/edit")
@needs(Role.EDITOR)
async def show_edit(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show the form of a saved import."""
    entry = await _entry(resources, import_id)
    return await _show(request, resources, visitor, _Sheet(entry.manager_id, form_of(entry), entry, entry))


@router.post("/imports/{import_id}/edit")
@needs(Role.EDITOR)
async def save_edit(import_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Save an import anew."""
    entry = await _entry(resources, import_id)
    return await _save(request, resources, visitor, entry.manager_id, entry)


async def _save(
    request: Request, resources: Resources, visitor: Session, manager_id: UUID, entry: ImportView | None
) -> Response:
    sent = await read_set_up(request, resources, visitor)
    sheet = _Sheet(manager_id, sent.form, entry, entry, sent.draft_id, password_lost=sent.has_secrets)
    try:
        if sent.action == "more":
            sheet.lines = len(sent.form.lines) + _MORE_LINES
        elif sent.action == "add_field":
            await _add_field(resources, visitor, sheet)
        else:
            return RedirectResponse(await _save_once(resources, visitor, sheet, sent), 303)
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        for each in shown.errors if isinstance(shown, InvalidInputError) else [shown]:
            sheet.errors.setdefault(each.field or "form", []).append(each.message)
    async with resources.transaction() as connection:
        draft = await find_draft(connection, sheet.draft_id, visitor.account_id)
        if draft is not None:
            _, sheet.kept = await _imports_of(connection, resources, draft)
    return await _show(request, resources, visitor, sheet)


async def _save_once(resources: Resources, visitor: Session, sheet: _Sheet, sent: SentSetUp) -> str:
    """Save what was sent and begin what is wanted; returns where to go: to the run, never back into the form.

    What a page sends twice is saved, and begun, once.
    """
    document = sent.document(str(sheet.manager_id))
    # Keyed, because a document may hold a password that a plain hash would give away to guessing.
    digest = resources.sealer.fingerprint("set-up", sent.action, json.dumps(document, sort_keys=True))
    key = f"set-up {sent.save_key} {digest}" if sent.save_key else None
    async with resources.change(visitor.actor) as change:
        kept = await kept_answer(change.connection, visitor.account_id, key, b"") if key else None
        if kept is None:
            import_id = await _store(change, resources, visitor, sheet, document)
            if key:
                answer = KeptAnswer(303, str(import_id))
                await keep_answer(change.connection, visitor.account_id, key, b"", answer, now=change.now)
    if sent.action not in {"run", "dry_run"}:
        return f"/managers/{sheet.manager_id}/imports"
    if kept is not None:
        import_id = UUID(kept.body)
        run_id = await newest_run(resources, import_id)
    else:
        dry_run = sent.action == "dry_run"
        run_id = await start_saved(resources, visitor, import_id, dry_run=dry_run, shown=sent.shown_run)
    return f"/runs/{run_id}" if run_id else f"/imports/{import_id}/runs"


async def _store(
    change: Change, resources: Resources, visitor: Session, sheet: _Sheet, document: dict[str, Any]
) -> UUID:
    edits = sheet.entry.id if sheet.entry else None
    draft = await find_draft(change.connection, sheet.draft_id, visitor.account_id)
    if draft is not None and (draft.manager_id, draft.edits) == (sheet.manager_id, edits):
        finished = await finish_set_up(change, resources.sealer, draft, document)
        if finished is not None:
            return finished
    if edits is not None:
        await save_edited(change, resources.sealer, edits, document)
        return edits
    return await _make(change, resources, document)


async def _make(change: Change, resources: Resources, document: dict[str, Any]) -> UUID:
    desk = ImportDesk(change.connection, resources.sealer, change.now)
    return await make_import(change, resources.sealer, await draft_import(desk, await _whole_input(desk, document)))


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
        kept=sheet.kept,
        draft_id=sheet.draft_id,
        values=sheet.form.values,
        lines=sheet.form.shown_lines(max(sheet.lines, min(len(manager.fields), _MOST_LINES))),
        errors=sheet.errors,
        password_lost=sheet.password_lost,
        save_key=new_id(),
        kinds=[kind.value for kind in Kind],
        time_zones=time_zones(),
    )


async def _entry(resources: Resources, import_id: UUID) -> ImportView:
    async with resources.database.pool.acquire() as connection:
        saved = await get_import(connection, import_id)
        return (await view_imports(connection, resources, [saved]))[0]


async def _imports_of(
    connection: Connection, resources: Resources, draft: SetUpDraft
) -> tuple[ImportView | None, ImportView | None]:
    """Return the import that a draft edits, and the one whose saved secrets count in it."""
    edited = await get_import(connection, draft.edits) if draft.edits else None
    kept = await secrets_of_draft(connection, draft)
    found = [each for each in (edited, kept) if each is not None]
    views = {view.id: view for view in await view_imports(connection, resources, found)}
    return (views[edited.id] if edited else None), (views[kept.id] if kept else None)
