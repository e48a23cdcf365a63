"""Contacts changed by hand, one at a time, under the manager's lock, numbered like a run's changes.

Each function works in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.store.change_log import HandEdit, log_hand_edit, take_over_contact
from shared.store.managers import Manager


@dataclass(frozen=True)
class NewPassword:
    """A password to set, hashed, and its keyed fingerprint."""

    hash: str = field(repr=False)
    fingerprint: str = field(repr=False)


@dataclass(frozen=True)
class ContactEdit:
    """What a contact is to be, by field number; `passwords` has the ones to set, None takes one out.

    `values` replaces all of the contact's values, save for the key and passwords; empty ones are left out.
    """

    unique_id: str
    values: Mapping[int, str]
    passwords: Mapping[int, NewPassword | None] = field(default_factory=dict, repr=False)


async def put_contact(
    connection: Connection, manager: Manager, edit: ContactEdit, *, now: datetime, account_id: UUID | None = None
) -> bool:
    """Make a contact what the edit says; tells whether it is new. The manager has to be locked.

    A contact that is so already is left untouched.
    """
    wanted = {str(number): value for number, value in sorted(edit.values.items()) if value}
    before = await connection.fetchval(
        "SELECT fields FROM contacts WHERE manager_id = $1 AND unique_id = $2", manager.id, edit.unique_id
    )
    rows = await connection.fetch(
        "SELECT field, fingerprint FROM contact_passwords WHERE manager_id = $1 AND unique_id = $2",
        manager.id,
        edit.unique_id,
    )
    kept = {row["field"]: row["fingerprint"] for row in rows}
    passwords = {
        number: new for number, new in edit.passwords.items() if kept.get(number) != (new.fingerprint if new else None)
    }
    if before == wanted and not passwords:
        return False
    number = await _next_change(connection, manager.id, added=int(before is None))
    await take_over_contact(connection, manager.id, edit.unique_id)
    await connection.execute(
        """INSERT INTO contacts (manager_id, unique_id, fields, change_number, updated_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (manager_id, unique_id) DO UPDATE SET fields = excluded.fields,
            change_number = excluded.change_number, updated_at = excluded.updated_at, last_run_id = NULL,
            row_hash = NULL, row_scheme = NULL, log_line = NULL""",
        manager.id,
        edit.unique_id,
        wanted,
        number,
        now,
    )
    for field_number, new in passwords.items():
        await _set_password(connection, manager.id, edit.unique_id, field_number, new)
    logged = HandEdit(
        manager_id=manager.id,
        number=number,
        change="added" if before is None else "updated",
        unique_id=edit.unique_id,
        before=before,
        after=wanted,
        passwords=sorted(passwords),
        account_id=account_id,
    )
    await log_hand_edit(connection, logged, now=now)
    return before is None


async def delete_contact(
    connection: Connection, manager: Manager, unique_id: str, *, now: datetime, account_id: UUID | None = None
) -> None:
    """Delete a contact; UserError `contact_not_found`. The manager has to be locked."""
    await take_over_contact(connection, manager.id, unique_id)
    before = await connection.fetchval(
        "DELETE FROM contacts WHERE manager_id = $1 AND unique_id = $2 RETURNING fields", manager.id, unique_id
    )
    if before is None:
        raise UserError("contact_not_found", "There is no contact with this unique id.")
    await connection.execute(
        "DELETE FROM contact_passwords WHERE manager_id = $1 AND unique_id = $2", manager.id, unique_id
    )
    number = await _next_change(connection, manager.id, added=-1)
    logged = HandEdit(
        manager_id=manager.id,
        number=number,
        change="deleted",
        unique_id=unique_id,
        before=before,
        after=None,
        account_id=account_id,
    )
    await log_hand_edit(connection, logged, now=now)


async def _next_change(connection: Connection, manager_id: UUID, *, added: int) -> int:
    number: int = await connection.fetchval(
        """UPDATE managers SET change_number = change_number + 1, contact_count = contact_count + $2
        WHERE id = $1 RETURNING change_number""",
        manager_id,
        added,
    )
    return number


async def _set_password(
    connection: Connection, manager_id: UUID, unique_id: str, number: int, new: NewPassword | None
) -> None:
    key = (manager_id, unique_id, number)
    if new is None:
        await connection.execute(
            "DELETE FROM contact_passwords WHERE manager_id = $1 AND unique_id = $2 AND field = $3", *key
        )
        return
    await connection.execute(
        """INSERT INTO contact_passwords (manager_id, unique_id, field, hash, fingerprint)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (manager_id, unique_id, field)
        DO UPDATE SET hash = excluded.hash, fingerprint = excluded.fingerprint""",
        *key,
        new.hash,
        new.fingerprint,
    )
