"""Which column of a file goes to which field: the plan as set up, and its places in one file."""

from dataclasses import dataclass, field
from typing import Final

from shared.errors import UserError
from shared.rules.invisible import made_visible
from shared.rules.kinds import Kind, Notation
from shared.rules.letter_case import Case
from shared.rules.password_columns import password_places
from shared.rules.trimming import trim

# What the message about a missing column lists at most, and how much of each name.
_LISTED_NAMES: Final = 20
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column, by its name as shown or by its number without a header, and the field it fills.

    `column` None: every row gets `constant`. `case` is applied after trimming.
    """

    column: str | None
    field_number: int
    kind: Kind
    case: Case | None = None
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class ParsePlan:
    """All the parser knows of an import; `key` None means that keys are generated.

    `expected_columns`: how many its files had when they were mapped, which have no header to tell by; None: any.
    `password_columns`: names of columns that other imports map to passwords; `delimiter`: that of its files.
    """

    columns: tuple[MappedColumn, ...]
    key: MappedColumn | None
    trim: bool = True
    keep_refused: bool = False
    keep_missing: bool = False
    notation: Notation = field(default_factory=Notation)
    expected_columns: int | None = None
    password_columns: tuple[str, ...] = ()
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """A mapped column and its place, from 0, in a record; the place of a constant is -1."""

    position: int
    mapped: MappedColumn

    @property
    def is_checked(self) -> bool:
        """Tell whether its field's kind can refuse a value."""
        return self.mapped.kind not in (Kind.TEXT, Kind.PASSWORD) and self.position >= 0


@dataclass(frozen=True, slots=True)
class ResolvedMapping:
    """A plan's places in one file, whose columns are `names`.

    `columns` are those of the plan that the file has, without the key's; `checked` those of them whose kinds can
    refuse a value, with their places among them; `missing` the names of those the file lacks; `passwords` the
    places, from 0, of all columns that hold passwords or may, mapped or not.
    """

    columns: tuple[PlacedColumn, ...]
    checked: tuple[tuple[int, PlacedColumn], ...]
    key: PlacedColumn | None
    missing: tuple[str, ...]
    names: tuple[str, ...]
    trim: bool
    keep_refused: bool
    notation: Notation
    passwords: frozenset[int]
    delimiter: str

    @property
    def fields(self) -> list[int]:
        """Return the numbers of the fields that rows fill, in the order of `columns`."""
        return [column.mapped.field_number for column in self.columns]


def resolve(plan: ParsePlan, names: list[str]) -> ResolvedMapping:
    """Find the plan's columns among a file's (`Head.names`).

    Raises UserError `column_missing`, naming all the missing columns and those of the file; where the plan keeps what
    is stored in the fields of missing columns, only for the key's. And `columns_changed` where there is another number
    of them than expected: then nobody can tell which value is which.
    """
    if plan.expected_columns not in {None, len(names)}:
        raise UserError(
            "columns_changed",
            f"The file has {len(names)} columns, and had {plan.expected_columns} when it was mapped. Without a header "
            "nobody can tell which is which: look at the file, and map it anew if it is right.",
            field="mapping",
        )
    places = {name: place for place, name in enumerate(names)}
    wanted = [(None if mapped.column is None else trim(mapped.column), mapped) for mapped in plan.columns]
    key_name = None if plan.key is None else trim(plan.key.column or "")
    missing = list(dict.fromkeys(name for name, _ in wanted if name is not None and name not in places))
    key_is_missing = key_name is not None and key_name not in places
    if key_is_missing or (missing and not plan.keep_missing):
        all_missing = [*missing, *([key_name] if key_is_missing and key_name is not None else [])]
        raise UserError("column_missing", _missing_message(list(dict.fromkeys(all_missing)), names), field="mapping")
    columns = tuple(
        PlacedColumn(-1 if name is None else places[name], mapped)
        for name, mapped in wanted
        if name is None or name in places
    )
    return ResolvedMapping(
        columns=columns,
        checked=tuple((place, column) for place, column in enumerate(columns) if column.is_checked),
        key=None if plan.key is None or key_name is None else PlacedColumn(places[key_name], plan.key),
        missing=tuple(shortened(name) for name in missing),
        names=tuple(shortened(name) for name in names),
        trim=plan.trim,
        keep_refused=plan.keep_refused,
        notation=plan.notation,
        passwords=password_places(
            names,
            [(mapped.column, mapped.kind) for mapped in (*plan.columns, *([plan.key] if plan.key else []))],
            plan.password_columns,
        ),
        delimiter=plan.delimiter,
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
    listed = ", ".join(f'"{made_visible(shortened(name))}"' for name in names[:_LISTED_NAMES])
    return listed + (f" and {rest} more" if rest > 0 else "")
