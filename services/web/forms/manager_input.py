"""Contact managers as they come in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.web.forms.input_errors import ErrorList
from services.web.forms.text import Name
from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.managers import FieldView, Manager, add_field, rename_manager, set_key_field
from shared.store.searchable_fields import set_searchable


class FieldInput(BaseModel):
    """A field to be added, or what one is to be; null leaves it as it is whether contacts are found by it."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: Kind = Kind.TEXT
    is_searchable: bool | None = None

    def view(self) -> FieldView:
        """Return it as the store takes it."""
        return FieldView(name=self.name, kind=self.kind)


class FieldPatch(BaseModel):
    """What can be changed of a field."""

    model_config = ConfigDict(extra="forbid")

    is_searchable: bool


class ManagerInput(BaseModel):
    """A contact manager to be made, or what one is to be; id and number of contacts are read only."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    fields: Annotated[list[FieldInput], Field(max_length=1000)] = []
    key_field: Name | None = None
    id: object = Field(None, exclude=True)
    contact_count: object = Field(None, exclude=True)


async def set_key_by_name(connection: Connection, manager: Manager, name: str | None) -> None:
    """Set or take out the key field; UserError about `key_field`."""
    if name is None:
        if manager.contact_count and manager.key_field is not None:
            message = "While there are contacts, the field that tells them apart has to stay."
            raise UserError("key_field_differs", message, field="key_field")
        await set_key_field(connection, manager.id, None)
        return
    field = manager.find_field(name)
    if field is None:
        raise unknown_field(name, "key_field")
    manager.require_key(field, at="key_field")
    await set_key_field(connection, manager.id, field.number)


async def update_manager(connection: Connection, manager: Manager, wanted: ManagerInput) -> Manager:
    """Rename, add fields, set the key; the manager has to be locked. Fields can be added, not taken out.

    Returns the manager with its new fields, for the caller to read again.
    """
    errors = ErrorList()
    named = {field.name: field for field in wanted.fields}
    for field in manager.fields:
        if field.name not in named or named[field.name].kind is not field.kind:
            message = f'The field "{field.name}" can be neither taken out nor given another kind.'
            errors.add("field_fixed", message, "fields")
    errors.raise_any()
    await rename_manager(connection, manager.id, wanted.name)
    for place, new in enumerate(wanted.fields):
        if manager.find_field(new.name) is None:
            await add_field(connection, manager.id, new.view(), at=f"fields.{place}.name")
    return manager


async def mark_fields(connection: Connection, manager: Manager, marks: dict[str, bool | None], *, at: str) -> None:
    """Mark fields as searchable or not, by name; those that are not named, or None, stay as they are.

    What became the unique identifier is searched always, and takes up no mark any more.
    The manager has to be locked. UserError about `at`.
    """
    for name in marks:
        if manager.find_field(name) is None:
            raise unknown_field(name, at)
    wanted = [
        field.number
        for field in manager.fields
        if marks.get(field.name) or (marks.get(field.name) is None and field in manager.searched_fields)
    ]
    await set_searchable(connection, manager, wanted, at=at)


def unknown_field(name: str, at: str) -> UserError:
    """Return the error about a name that no field has."""
    message = f'The contact manager has no field "{name}"; add it first.' if name else "Choose a field."
    return UserError("field_unknown", message, field=at)
