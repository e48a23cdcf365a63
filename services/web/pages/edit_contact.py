"""A contact added, changed or deleted by hand."""

import re
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.dependencies.write_contact import Expected, latest_change, write_contact
from services.web.forms.contact_input import ContactInput, Value, checked_id
from services.web.forms.input_errors import InvalidInputError
from services.web.forms.invalid import input_errors
from services.web.pages.render import page
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.rules.kinds import Kind
from shared.rules.roles import Role
from shared.store.contacts import get_contact
from shared.store.edit_contacts import delete_contact
from shared.store.managers import Manager, get_manager

router = page_router()


@dataclass
class _Sheet:
    """The form in hand: what was entered, what the contact holds, what was wrong."""

    unique_id: str
    is_new: bool
    key_field: str | None = None
    entered: dict[int, str] = field(default_factory=dict)
    held: dict[str, str | bool] = field(default_factory=dict)
    seen: int | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    message: str | None = None
    status: int = 200


@router.get("/managers/{manager_id}/contacts/new")
@needs(Role.EDITOR)
async def show_new(manager_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show an empty form."""
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
    return _show(request, visitor, manager, _Sheet("", is_new=True, key_field=manager.field_name(manager.key_field)))


@router.post("/managers/{manager_id}/contacts/new")
@needs(Role.EDITOR)
async def add(manager_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Add a contact; one that is there already is not overwritten."""
    form = await checked_form(request, resources, visitor)
    sheet = _Sheet(_text(form, "unique_id").strip(), is_new=True, key_field=_text(form, "key_field") or None)
    return await _save(request, resources, visitor, manager_id, form, sheet)


@router.get("/managers/{manager_id}/contacts/edit")
@needs(Role.EDITOR)
async def show_edit(
    manager_id: UUID, request: Request, resources: Open, visitor: Visitor, unique_id: Annotated[str, Query()]
) -> Response:
    """Show a contact's values in a form."""
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        contact = await get_contact(connection, manager, checked_id(unique_id))
        seen = await latest_change(connection, manager_id, contact.unique_id)
    entered = {each.number: str(contact.fields[each.name]) for each in manager.fields if each.kind is not Kind.PASSWORD}
    sheet = _Sheet(contact.unique_id, is_new=False, entered=entered, held=contact.fields, seen=seen)
    return _show(request, visitor, manager, sheet)


@router.post("/managers/{manager_id}/contacts/edit")
@needs(Role.EDITOR)
async def change(
    manager_id: UUID, request: Request, resources: Open, visitor: Visitor, unique_id: Annotated[str, Query()]
) -> Response:
    """Change a contact, unless somebody else was faster."""
    form = await checked_form(request, resources, visitor)
    seen = re.fullmatch(r"[0-9]{1,18}", _text(form, "seen"))
    sheet = _Sheet(checked_id(unique_id), is_new=False, seen=int(seen[0]) if seen else None)
    return await _save(request, resources, visitor, manager_id, form, sheet)


@router.get("/managers/{manager_id}/contacts/delete")
@needs(Role.EDITOR)
async def ask_to_delete(
    manager_id: UUID, request: Request, resources: Open, visitor: Visitor, unique_id: Annotated[str, Query()]
) -> Response:
    """Say what deleting does, and ask."""
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        contact = await get_contact(connection, manager, checked_id(unique_id))
    return page(request, "delete_contact.html", visitor, manager=manager, contact=contact)


@router.post("/managers/{manager_id}/contacts/delete")
@needs(Role.EDITOR)
async def delete(
    manager_id: UUID, request: Request, resources: Open, visitor: Visitor, unique_id: Annotated[str, Query()]
) -> Response:
    """Delete a contact."""
    await checked_form(request, resources, visitor)
    async with resources.transaction() as connection:
        manager = await get_manager(connection, manager_id, lock=True)
        await delete_contact(
            connection, manager, checked_id(unique_id), now=resources.clock.now(), account_id=visitor.account_id
        )
    return RedirectResponse(f"/managers/{manager_id}", 303)


async def _save(
    request: Request, resources: Resources, visitor: Session, manager_id: UUID, form: FormData, sheet: _Sheet
) -> Response:
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
    sheet.entered = {
        each.number: _text(form, f"field-{each.number}") for each in manager.fields if each.kind is not Kind.PASSWORD
    }
    key_field = None
    if manager.key_field is None:
        key_field = sheet.key_field or ""
    try:
        await write_contact(
            resources,
            manager_id,
            checked_id(sheet.unique_id),
            ContactInput.model_validate({"fields": _values(manager, form, sheet)}),
            by=visitor.actor,
            key_field=key_field,
            expected=Expected(sheet.seen),
        )
    except (UserError, ValidationError) as error:
        shown = input_errors(error) if isinstance(error, ValidationError) else error
        return await _show_again(request, resources, visitor, manager, sheet, shown)
    return RedirectResponse(f"/managers/{manager_id}/contact-history?unique_id={quote(sheet.unique_id)}", 303)


def _values(manager: Manager, form: FormData, sheet: _Sheet) -> dict[str, Value]:
    """Return what was entered by field name; a password left blank is kept, unless it is to be taken out."""
    key = manager.key_field
    if key is None and (named := manager.find_field(sheet.key_field or "")) is not None:
        key = named.number
    values: dict[str, Value] = {}
    for each in manager.fields:
        at = f"field-{each.number}"
        if each.kind is Kind.PASSWORD:
            values[each.name] = None if _text(form, f"{at}-out") else _text(form, at) or True
        elif each.number != key:
            values[each.name] = sheet.entered[each.number]
    return values


async def _show_again(
    request: Request, resources: Resources, visitor: Session, manager: Manager, sheet: _Sheet, error: UserError
) -> Response:
    numbers = {f"fields.{each.name}": f"field-{each.number}" for each in manager.fields}
    for each in error.errors if isinstance(error, InvalidInputError) else [error]:
        if each.field is None:
            sheet.message = each.message
        else:
            sheet.errors.setdefault(numbers.get(each.field, each.field), []).append(each.message)
    if not sheet.is_new:
        async with resources.database.pool.acquire() as connection:
            sheet.seen = await latest_change(connection, manager.id, sheet.unique_id)
            if sheet.seen is not None:
                sheet.held = (await get_contact(connection, manager, sheet.unique_id)).fields
    sheet.status = status_of(error)
    return _show(request, visitor, manager, sheet)


def _show(request: Request, visitor: Session, manager: Manager, sheet: _Sheet) -> Response:
    return page(
        request, "contact_form.html", visitor, status=sheet.status, manager=manager, sheet=sheet, errors=sheet.errors
    )


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).replace("\0", "")
