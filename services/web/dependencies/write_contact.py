"""A contact written by hand, from the API or a page."""

from dataclasses import dataclass
from uuid import UUID

from services.web.dependencies.change_managers import choose_key_field
from services.web.dependencies.resources import Resources
from services.web.forms.contact_input import ContactInput, checked_values, passwords_to_set
from services.web.forms.manager_input import unknown_field
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.audit_log import Actor
from shared.store.contacts import ContactView, get_contact
from shared.store.edit_contacts import ContactEdit, NewPassword, put_contact
from shared.store.managers import Manager, get_manager
from shared.store.set_ups import FieldSpec


@dataclass(frozen=True)
class Expected:
    """How the writer saw the contact: the number of its latest change, None where there was no contact."""

    change_number: int | None


async def write_contact(
    resources: Resources,
    manager_id: UUID,
    unique_id: str,
    contact: ContactInput,
    *,
    by: Actor,
    key_field: str | None = None,
    expected: Expected | None = None,
) -> tuple[ContactView, bool]:
    """Add a contact, or replace one's values; returns it, and whether it is new. `unique_id` has been checked.

    UserError about the input; with `expected` also `contact_exists`, or `contact_changed` where somebody else was
    faster.
    """
    async with resources.database.pool.acquire() as reading:
        manager = await get_manager(reading, manager_id)
    # Hashing takes a while; nobody else should wait for it at the manager's lock.
    passwords = await _hashed(resources, manager, unique_id, contact)
    async with resources.change(by) as change:
        connection = change.connection
        manager = await get_manager(connection, manager_id, lock=True)
        key = _key_of(manager, key_field)
        if key.number != manager.key_field:
            await choose_key_field(change, manager, key.number)
            manager.key_field = key.number
        if expected is not None:
            _require(expected, await latest_change(connection, manager_id, unique_id))
        edit = ContactEdit(unique_id, checked_values(manager, key, unique_id, contact), passwords)
        is_new = await put_contact(connection, manager, edit, now=change.now, account_id=by.account_id)
        return await get_contact(connection, manager, unique_id), is_new


async def latest_change(connection: Connection, manager_id: UUID, unique_id: str) -> int | None:
    """Return the number of a contact's latest change, None where there is no such contact."""
    number: int | None = await connection.fetchval(
        "SELECT change_number FROM contacts WHERE manager_id = $1 AND unique_id = $2", manager_id, unique_id
    )
    return number


def _require(expected: Expected, found: int | None) -> None:
    if found == expected.change_number:
        return
    if expected.change_number is None:
        message = "There is a contact with this unique identifier already; open that one to change it."
        raise UserError("contact_exists", message, field="unique_id")
    if found is None:
        raise UserError("contact_changed", "This contact was deleted meanwhile; save once more to add it again.")
    message = "This contact was changed meanwhile: what it holds now stands below. Save once more to replace that."
    raise UserError("contact_changed", message)


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
