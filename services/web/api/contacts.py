"""Contacts of a manager: read in pages or as a file, changed by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from starlette.responses import StreamingResponse

from services.web.dependencies.api_route import Account, By, api_router
from services.web.dependencies.change_managers import choose_key_field
from services.web.dependencies.contacts_file import contacts_file
from services.web.dependencies.paging import Cursor, Limit, Page, page_of, place_of, text_place
from services.web.dependencies.resources import Open, Resources
from services.web.forms.contact_input import ContactInput, checked_id, checked_values, passwords_to_set
from services.web.forms.manager_input import unknown_field
from services.web.forms.text import Text
from services.web.security.access import needs
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store import contacts as store
from shared.store.contacts import ContactView
from shared.store.edit_contacts import ContactEdit, NewPassword, delete_contact, put_contact
from shared.store.managers import Manager, get_manager
from shared.store.set_ups import FieldSpec

router = api_router("contacts")


@router.get("/managers/{manager_id}/contacts")
@needs(Role.VIEWER)
async def list_contacts(
    manager_id: UUID,
    resources: Open,
    limit: Limit = 100,
    cursor: Cursor = None,
    q: Annotated[Text, Query(max_length=500, description="Only unique ids that begin with this")] = "",
) -> Page[ContactView]:
    """List contacts in the order of their unique ids by code point."""
    after = place_of(cursor, text_place)
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
        found = await store.list_contacts(connection, manager, after=after, limit=limit + 1, prefix=q)
    return page_of(found, limit, lambda contact: contact.unique_id)


@router.get("/managers/{manager_id}/contacts.csv", response_class=StreamingResponse)
@needs(Role.VIEWER)
async def export_contacts(manager_id: UUID, resources: Open) -> StreamingResponse:
    """Get all contacts as one CSV file, without passwords."""
    return await contacts_file(resources, manager_id)


@router.get("/managers/{manager_id}/contacts/{unique_id:path}")
@needs(Role.VIEWER)
async def get_contact(manager_id: UUID, unique_id: str, resources: Open) -> ContactView:
    """Read a contact."""
    wanted = checked_id(unique_id)
    async with resources.database.pool.acquire() as connection:
        return await store.get_contact(connection, await get_manager(connection, manager_id), wanted)


@router.put("/managers/{manager_id}/contacts/{unique_id:path}")
@needs(Role.EDITOR)
async def write_contact(
    manager_id: UUID,
    unique_id: str,
    contact: ContactInput,
    resources: Open,
    response: Response,
    by: By,
    key_field: Annotated[Text | None, Query(description="Sets the key field where there is none yet")] = None,
) -> ContactView:
    """Add a contact by hand, or replace one's values; 201 for a new one."""
    wanted = checked_id(unique_id)
    async with resources.database.pool.acquire() as connection:
        manager = await get_manager(connection, manager_id)
    # Hashing takes a while; nobody else should wait for it at the manager's lock.
    passwords = await _hashed(resources, manager, wanted, contact)
    async with resources.change(by) as change:
        manager = await get_manager(change.connection, manager_id, lock=True)
        key = _key_of(manager, key_field)
        if key.number != manager.key_field:
            await choose_key_field(change, manager, key.number)
            manager.key_field = key.number
        edit = ContactEdit(wanted, checked_values(manager, key, wanted, contact), passwords)
        if await put_contact(change.connection, manager, edit, now=change.now, account_id=by.account_id):
            response.status_code = 201
        return await store.get_contact(change.connection, manager, wanted)


@router.delete("/managers/{manager_id}/contacts/{unique_id:path}", status_code=204)
@needs(Role.EDITOR)
async def remove_contact(manager_id: UUID, unique_id: str, resources: Open, account: Account) -> Response:
    """Delete a contact by hand."""
    wanted = checked_id(unique_id)
    async with resources.transaction() as connection:
        manager = await get_manager(connection, manager_id, lock=True)
        await delete_contact(connection, manager, wanted, now=resources.clock.now(), account_id=account)
    return Response(status_code=204)


def _key_of(manager: Manager, name: str | None) -> FieldSpec:
    if name is None:
        key = next((field for field in manager.fields if field.number == manager.key_field), None)
        if key is None:
            message = "The contact manager has no key field yet: name one with ?key_field=."
            raise UserError("key_field_missing", message, field="key_field")
        return key
    key = manager.find_field(name)
    if key is None:
        raise unknown_field(name, "key_field")
    manager.require_key(key, at="key_field")
    return key


async def _hashed(
    resources: Resources, manager: Manager, unique_id: str, contact: ContactInput
) -> dict[int, NewPassword | None]:
    passwords: dict[int, NewPassword | None] = {}
    for number, clear in passwords_to_set(manager, contact).items():
        passwords[number] = None
        if clear is not None:
            passwords[number] = NewPassword(
                hash=await resources.passwords.hash(clear),
                fingerprint=resources.sealer.fingerprint(str(manager.id), unique_id, str(number), clear),
            )
    return passwords
