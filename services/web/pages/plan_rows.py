"""A plan's changes as a page shows them: what an updated contact's fields were and will be, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.store.run_details import ChangeKind, PlanChange


@dataclass(frozen=True)
class FieldRow:
    """A field before and after; empty where there is no value."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class PlanRow:
    """A contact's change: of an updated one the fields that differ, of another the values that come or go."""

    change: ChangeKind
    unique_id: str
    line: int | None
    differing: list[FieldRow]
    values: list[tuple[str, str]]
    passwords: list[str]
    """The password fields that change, which are never shown."""


def plan_row(change: PlanChange) -> PlanRow:
    """Return a change as it is shown."""
    before, after = change.before or {}, change.after or {}
    is_update = change.change == "updated"
    return PlanRow(
        change=change.change,
        unique_id=change.unique_id,
        line=change.line,
        differing=_differing(before, after) if is_update else [],
        values=[] if is_update else [(name, value) for name, value in (after or before).items() if value],
        passwords=change.passwords_changed,
    )


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[FieldRow]:
    return [
        FieldRow(name, before.get(name, ""), after.get(name, ""))
        for name in {**before, **after}
        if before.get(name, "") != after.get(name, "")
    ]
