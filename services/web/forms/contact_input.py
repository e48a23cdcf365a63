"""A contact by hand: values by field name, checked by the kinds of the fields."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.web.forms.input_errors import ErrorList
from services.web.forms.manager_input import unknown_field
from services.web.forms.text import Text
from shared.errors import UserError
from shared.rules.kinds import Kind, Notation, check
from shared.rules.problems import describe_problem
from shared.rules.sizes import MAX_ROW_BYTES
from shared.rules.trimming import is_blank, trim
from shared.store.managers import Manager
from shared.store.set_ups import FieldSpec

_MAX_ID_BYTES = 2000
"""Postgres can't index values above about 2,700 bytes."""


_TOO_LARGE = f"The contact's values are larger than {MAX_ROW_BYTES // 1024} KiB together: shorten the longest."
_TEXT: TypeAdapter[str] = TypeAdapter(Text)


def _value(value: object) -> str | bool | None:
    # Not a union for pydantic to choose from: its errors would name the choices in the field's path.
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("text_type", "Give the value as a text")
    return _TEXT.validate_python(value)


Value = Annotated[str | bool | None, PlainValidator(_value), WithJsonSchema({"type": ["string", "boolean", "null"]})]


class ContactInput(BaseModel):
    """A contact's values; a field that is not named is emptied, a password that is not named is kept."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[Text, Value]


def checked_id(unique_id: str) -> str:
    """Return a unique id as it is: ids are compared exactly.

    UserError `id_missing`, `nul_character` or `id_too_long` about `unique_id`.
    """
    text = unique_id
    code = "id_missing" if is_blank(text) else "nul_character" if "\0" in text else None
    if code:
        raise UserError(code, describe_problem(code), field="unique_id")
    if len(text.encode(errors="replace")) > _MAX_ID_BYTES:
        message = f"The unique id is longer than {_MAX_ID_BYTES} bytes; shorten it."
        raise UserError("id_too_long", message, field="unique_id")
    return text


def checked_values(manager: Manager, key: FieldSpec, unique_id: str, contact: ContactInput) -> dict[int, str]:
    """Return the values by field number, without key and passwords; InvalidInputError about `fields.<name>`."""
    errors = ErrorList()
    values: dict[int, str] = {}
    notation = Notation()
    if code := check(key.kind, unique_id, notation):
        errors.add(code, describe_problem(code, key.name), "unique_id")
    for name, value in contact.fields.items():
        at = f"fields.{name}"
        field = manager.find_field(name)
        with errors.check():
            if field is None:
                raise unknown_field(name, at)
            if field.kind is Kind.PASSWORD:
                continue
            if isinstance(value, bool):
                raise UserError("invalid", "Give the value as a text.", field=at)
            text = trim(value or "")
            if field.number == key.number:
                if text != unique_id:
                    message = "The key field's value has to be the unique id in the address."
                    raise UserError("key_mismatch", message, field=at)
                continue
            if code := check(field.kind, text, notation):
                raise UserError(code, describe_problem(code, name), field=at)
            values[field.number] = text
    if sum(len(text.encode(errors="replace")) for text in values.values()) > MAX_ROW_BYTES:
        errors.add("contact_too_large", _TOO_LARGE, "fields")
    errors.raise_any()
    return values


def passwords_to_set(manager: Manager, contact: ContactInput) -> dict[int, str | None]:
    """Return passwords in clear by field number, None for one to take out; blank ones, and `true`, are kept."""
    passwords: dict[int, str | None] = {}
    for name, value in contact.fields.items():
        field = manager.find_field(name)
        if field is None or field.kind is not Kind.PASSWORD or value is True:
            continue
        if isinstance(value, str):
            if not is_blank(value):
                passwords[field.number] = value
        else:
            passwords[field.number] = None
    return passwords
