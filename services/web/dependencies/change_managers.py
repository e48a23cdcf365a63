"""Contact managers and fields made, changed and deleted, each noted in the audit log; for the API and the pages."""

from uuid import UUID

from services.web.dependencies.change import Change
from services.web.forms.manager_input import (
    FieldInput,
    ManagerInput,
    mark_fields,
    set_key_by_name,
    update_manager,
)
from shared.postgres.database import Connection
from shared.store.audit_log import AuditObject
from shared.store.managers import Manager, add_field, create_manager, delete_manager, get_manager, set_key_field


async def make_manager(change: Change, wanted: ManagerInput) -> UUID:
    """Make a contact manager with its fields and key field; UserError as the store and the key say."""
    fields = [field.view() for field in wanted.fields]
    manager_id = await create_manager(change.connection, wanted.name, fields, now=change.now)
    if wanted.key_field is not None:
        await set_key_by_name(change.connection, await get_manager(change.connection, manager_id), wanted.key_field)
    await _mark(change.connection, manager_id, wanted.fields)
    manager = await get_manager(change.connection, manager_id)
    await change.note("manager.created", _about(manager), _differences(None, manager))
    return manager_id


async def make_field(change: Change, manager_id: UUID, wanted: FieldInput) -> None:
    """Add a field; UserError `manager_not_found` or `field_exists`."""
    await add_field(change.connection, manager_id, wanted.view())
    manager = await get_manager(change.connection, manager_id)
    details = {wanted.name: {"before": None, "after": wanted.kind}}
    await change.note("field.added", _about(manager), details)
    if wanted.is_searchable:
        await mark_searchable(change, manager_id, {wanted.name: True}, at="is_searchable")


async def mark_searchable(change: Change, manager_id: UUID, marks: dict[str, bool | None], *, at: str) -> None:
    """Mark fields as searchable or not, by name; UserError `manager_not_found`, or about `at`."""
    before = await get_manager(change.connection, manager_id, lock=True)
    await mark_fields(change.connection, before, marks, at=at)
    await _note_changed(change, before)


async def change_manager(change: Change, manager_id: UUID, wanted: ManagerInput, *, with_key: bool) -> None:
    """Rename, add fields, and `with_key` set the key field or take it out; the manager has to be locked."""
    before = await get_manager(change.connection, manager_id)
    await update_manager(change.connection, before, wanted)
    if with_key:
        await set_key_by_name(change.connection, await get_manager(change.connection, manager_id), wanted.key_field)
    await _mark(change.connection, manager_id, wanted.fields)
    await _note_changed(change, before)


async def choose_key_field(change: Change, manager: Manager, number: int) -> None:
    """Set the key field; whether it may change is for `Manager.require_key` to say."""
    if number == manager.key_field:
        return
    await set_key_field(change.connection, manager.id, number)
    await _note_changed(change, manager)


async def remove_manager(change: Change, manager_id: UUID) -> None:
    """Delete a manager with its contacts, imports and runs; UserError `manager_not_found` or `run_active`."""
    manager = await get_manager(change.connection, manager_id, lock=True)
    await delete_manager(change.connection, manager_id)
    details = {"contacts": {"before": manager.contact_count, "after": None}}
    await change.note("manager.deleted", _about(manager), details)


async def _mark(connection: Connection, manager_id: UUID, fields: list[FieldInput]) -> None:
    manager = await get_manager(connection, manager_id)
    await mark_fields(connection, manager, {field.name: field.is_searchable for field in fields}, at="fields")


async def _note_changed(change: Change, before: Manager) -> None:
    after = await get_manager(change.connection, before.id)
    if details := _differences(before, after):
        await change.note("manager.changed", _about(after), details)


def _about(manager: Manager) -> AuditObject:
    return AuditObject("manager", manager.id, manager.name)


def _differences(before: Manager | None, after: Manager) -> dict[str, dict[str, object]]:
    def parts(manager: Manager | None) -> dict[str, object]:
        if manager is None:
            return {}
        fields = {f"fields.{field.name}": field.kind for field in manager.fields}
        searched = {"searched_fields": ", ".join(field.name for field in manager.searched_fields) or None}
        return {"name": manager.name, "key_field": manager.field_name(manager.key_field), **fields, **searched}

    was, is_now = parts(before), parts(after)
    return {
        name: {"before": was.get(name), "after": is_now.get(name)}
        for name in {**was, **is_now}
        if was.get(name) != is_now.get(name)
    }
