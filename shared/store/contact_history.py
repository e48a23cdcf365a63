"""Why a contact is as it is: each change of it, with the run, the file and the line, or the person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.change_log import Change
from shared.store.managers import Manager

_HISTORY = """
SELECT l.number, l.change, l.run_id, l.line, l.before, l.after, l.changed_at, i.name AS import_name, i.id AS import_id,
    r.trigger, r.file_name, coalesce(e.passwords, ARRAY(
        SELECT p.field FROM plan_passwords p WHERE p.run_id = l.run_id AND p.unique_id = l.unique_id
            AND l.change <> 'deleted' ORDER BY p.field)) AS passwords,
    a.login AS by, r.undoes, r.approves
FROM change_log l LEFT JOIN runs r ON r.id = l.run_id LEFT JOIN imports i ON i.id = r.import_id
    LEFT JOIN hand_edits e ON l.run_id IS NULL AND e.manager_id = l.manager_id AND e.number = l.number
    LEFT JOIN accounts a ON a.id = coalesce(l.account_id, r.requested_by)
WHERE l.manager_id = $1 AND l.unique_id = $2 AND l.number < $3 ORDER BY l.number DESC LIMIT $4
"""

_RULES = {
    "added": "In the file, not in the contact manager.",
    "updated": "In both, and a mapped value differed.",
    "deleted": "In the contact manager, not in the file.",
}
_UNDO_RULES = {
    "added": "The run that was undone had deleted it.",
    "updated": "The fields still held what the run that was undone had written.",
    "deleted": "The run that was undone had added it, and nobody had changed it since.",
}


class FieldChange(BaseModel):
    """A field before and after; empty where there is no value. Of a password only that it changed."""

    field: str
    before: str | None = Field(description="Null: a password")
    after: str | None


class ContactChange(BaseModel):
    """One change of a contact, the newest first."""

    number: int = Field(description="That of the manager's change")
    change: Change
    changed_at: datetime
    rule: str = Field(description="Why, in words")
    by: str | None = Field(description="The login of whoever edited it, or asked for the run; null: a schedule")
    run_id: UUID | None = Field(description="Null: by hand")
    import_id: UUID | None
    import_name: str | None
    trigger: str | None
    undoes: UUID | None = Field(description="The run that this one took back")
    file_name: str | None
    line: int | None = Field(description="The physical line of the file on which its row begins")
    fields: list[FieldChange] = Field(description="Those that changed")


async def contact_history(
    connection: Connection, manager: Manager, unique_id: str, *, before: int | None, limit: int
) -> list[ContactChange]:
    """Return a contact's changes, the newest first, those before a number; none where it was never there."""
    rows = await connection.fetch(_HISTORY, manager.id, unique_id, 2**62 if before is None else before, limit)
    return [_change(manager, dict(row)) for row in rows]


def _change(manager: Manager, row: dict[str, Any]) -> ContactChange:
    before, after = row["before"] or {}, row["after"] or {}
    secret = {field.number for field in manager.fields if field.kind is Kind.PASSWORD}
    changed = [
        FieldChange(
            field=manager.field_name(int(number)) or number,
            before=before.get(number, ""),
            after=after.get(number, ""),
        )
        for number in sorted({*before, *after}, key=int)
        if before.get(number, "") != after.get(number, "") and int(number) not in secret
    ]
    changed += [
        FieldChange(field=manager.field_name(number) or str(number), before=None, after=None)
        for number in row["passwords"]
    ]
    rules = _UNDO_RULES if row["undoes"] else _RULES
    return ContactChange.model_validate(
        row | {"fields": changed, "rule": rules[row["change"]] if row["run_id"] else "Changed by hand."}
    )
