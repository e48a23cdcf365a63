"""Which column of a file goes to which field: the plan as set up, and its places in one file."""

from dataclasses import dataclass, field
from typing import Final

from shared.errors import UserError
from shared.rules.kinds import Kind, Notation
from shared.rules.trimming import trim

# What the message about a missing column lists at most, and how much of each name.
_LISTED_NAMES: Final = 20
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column, by its name as shown or by its number without a header, and the field it fills."""

    column: str
    field_number: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class ParsePlan:
    """All the parser knows of an import; `key_column` None means that keys are generated."""

    columns: tuple[MappedColumn, ...]
    key_column: str | None
    key_field_number: int
    trim: bool = True
    notation: Notation = field(default_factory=Notation)


@dataclass(frozen=True, slots=True)
class ResolvedMapping:
    """A plan's places in one file.

    `positions` has, for each of the plan's columns in order, its place from 0 in a record; `checks` has index
    among them and kind of those whose values can be refused; `untrimmed` the indexes of those never trimmed.
    """

    positions: tuple[int, ...]
    names: tuple[str, ...]
    key_position: int | None
    checks: tuple[tuple[int, Kind], ...]
    untrimmed: tuple[int, ...]
    trim: bool
    notation: Notation


def resolve(plan: ParsePlan, names: list[str]) -> ResolvedMapping:
    """Find the plan's columns among a file's (`Head.names`).

    A generated key overwrites what the file has in the key field, so that is not checked. Raises UserError
    `column_missing`, naming all the missing columns and those of the file.
    """
    places = {name: place for place, name in enumerate(names)}
    wanted = [trim(mapped.column) for mapped in plan.columns]
    key = None if plan.key_column is None else trim(plan.key_column)
    missing = [name for name in dict.fromkeys([*wanted, *([] if key is None else [key])]) if name not in places]
    if missing:
        raise UserError("column_missing", _missing_message(missing, names), field="mapping")
    return ResolvedMapping(
        positions=tuple(places[name] for name in wanted),
        names=tuple(shortened(name) for name in names),
        key_position=None if key is None else places[key],
        checks=tuple(
            (index, mapped.kind)
            for index, mapped in enumerate(plan.columns)
            if mapped.kind not in (Kind.TEXT, Kind.PASSWORD)
            and not (key is None and mapped.field_number == plan.key_field_number)
        ),
        untrimmed=tuple(index for index, mapped in enumerate(plan.columns) if mapped.kind is Kind.PASSWORD),
        trim=plan.trim,
        notation=plan.notation,
    )


def shortened(name: str) -> str:
    """Return a column's name as messages show it: a wrong file may have one of megabytes."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"


def _missing_message(missing: list[str], names: list[str]) -> str:
    listed = _some(names)
    plural = len(missing) > 1
    return (
        f"The file lacks the mapped column{'s' if plural else ''} {_some(missing)}. It has: {listed}. "
        f"Map {'them' if plural else 'it'} anew, or mend the file"
    )


def _some(names: list[str]) -> str:
    rest = len(names) - _LISTED_NAMES
    listed = ", ".join(f'"{shortened(name)}"' for name in names[:_LISTED_NAMES])
    return listed + (f" and {rest} more" if rest > 0 else "")
