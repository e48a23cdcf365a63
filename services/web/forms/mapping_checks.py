"""Which column goes to which field: one to one, to fields that there are, the key among them."""

from services.web.forms.import_input import ImportInput
from services.web.forms.input_errors import ErrorList
from services.web.forms.manager_input import unknown_field
from shared.errors import UserError
from shared.rules.kinds import Kind, Notation, check
from shared.rules.trimming import trim
from shared.store.managers import Manager
from shared.store.set_ups import FieldSpec, MappingLine, UniqueId


def checked_mapping(
    manager: Manager, wanted: ImportInput, errors: ErrorList
) -> tuple[list[MappingLine], UniqueId | None]:
    """Return mapping and key by field number; what is wrong goes to the errors. Whether the file fits, a run sees."""
    lines: list[MappingLine] = []
    columns: set[str] = set()
    numbers: set[int] = set()
    for place, line in enumerate(wanted.mapping):
        column, at = trim(line.column or ""), f"mapping.{place}"
        if not column and line.constant is None:
            errors.add("column_missing", "Name the file's column.", f"{at}.column")
            continue
        if column and line.constant is not None:
            errors.add("constant_with_column", "Give a column or a constant, not both.", f"{at}.constant")
        if not column and line.case is not None:
            errors.add("case_with_constant", "A constant is stored as it is given: leave the case out.", f"{at}.case")
        if column and not (wanted.options.has_header or _is_column_number(column)):
            message = f'Without a header a column is given by its number from 1, not as "{column}".'
            errors.add("column_number_invalid", message, f"{at}.column")
        if column and column in columns:
            errors.add("mapping_duplicate", f'The column "{column}" is mapped twice.', f"{at}.column")
        columns.add(column)
        with errors.check():
            field = manager.find_field(trim(line.field))
            if field is None:
                raise unknown_field(line.field, f"{at}.field")
            if field.number in numbers:
                errors.add("mapping_duplicate", f'The field "{field.name}" is mapped twice.', f"{at}.field")
            numbers.add(field.number)
            if line.constant is not None:
                _check_constant(line.constant, field, wanted, f"{at}.constant")
            lines.append(MappingLine(column=column or None, field=field.number, case=line.case, constant=line.constant))
    from_columns = {line.field for line in lines if line.column is not None}
    return lines, _checked_key(manager, wanted, from_columns, errors)


def _is_column_number(column: str) -> bool:
    return column.isascii() and column.isdecimal() and int(column) > 0


def _check_constant(constant: str, field: FieldSpec, wanted: ImportInput, at: str) -> None:
    """Refuse what the field's kind refuses; a password for everybody is none."""
    options = wanted.options
    notation = Notation(options.phone_region, options.decimal_separator, options.date_format)
    code = "password_constant" if field.kind is Kind.PASSWORD else check(field.kind, constant, notation)
    if code is not None:
        raise UserError(code, f'"{constant}" cannot be the constant of the field "{field.name}".', field=at)


def _checked_key(manager: Manager, wanted: ImportInput, mapped: set[int], errors: ErrorList) -> UniqueId | None:
    at = "unique_id.field"
    with errors.check():
        key = manager.find_field(trim(wanted.unique_id.field))
        if key is None:
            raise unknown_field(wanted.unique_id.field, at)
        manager.require_key(key, at=at)
        if not wanted.unique_id.generate and key.number not in mapped:
            message = f'No column is mapped to "{key.name}", the unique identifier: map one, or generate keys.'
            errors.add("key_not_mapped", message, at)
        return UniqueId(field=key.number, generate=wanted.unique_id.generate)
    return None
