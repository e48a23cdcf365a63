"""Contacts as people and programs read them; `edit_contacts.py` changes them by hand."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.managers import Manager

_LAST_CHARACTER: Final = "\U0010ffff"
_LAST_NUMBER: Final = 2**63 - 1

_SELECT = """SELECT c.unique_id, c.fields, c.change_number, c.updated_at, c.last_run_id, ARRAY(
    SELECT p.field FROM contact_passwords p WHERE p.manager_id = c.manager_id AND p.unique_id = c.unique_id
) AS passwords FROM contacts c"""

# What the planner knows of tables that have just grown by a million rows is old: it would read them all and sort.
_BY_INDEX: Final = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"


class ContactView(BaseModel):
    """A contact by the names of its fields; the empty text where there is no value."""

    unique_id: str
    fields: dict[str, str | bool] = Field(description="All fields; a password reads as true or false: set or not")
    updated_at: datetime
    last_run_id: UUID | None = Field(description="Null: last changed by hand")


@asynccontextmanager
async def in_index_order(connection: Connection) -> AsyncIterator[None]:
    """Have queries that show one page planned by the index whose order they ask for, until the transaction ends."""
    async with connection.transaction(readonly=True):
        await connection.execute(_BY_INDEX)
        yield


async def list_contacts(
    connection: Connection, manager: Manager, *, after: str | None, limit: int, prefix: str = ""
) -> list[ContactView]:
    """Return contacts in the order of their unique ids by code point, those after one, with a prefix."""
    # Both bounds stand alone, so that the index is entered at the one and left at the other whatever page it is.
    async with in_index_order(connection):
        rows = await connection.fetch(
            f"""{_SELECT} WHERE c.manager_id = $1 AND c.unique_id >= $2 AND ($3::text IS NULL OR c.unique_id <> $3)
            AND c.unique_id <= $4 AND starts_with(c.unique_id, $5) ORDER BY c.unique_id LIMIT $6""",
            manager.id,
            prefix if after is None else max(prefix, after),
            after,
            last_with(prefix),
            prefix,
            limit,
        )
    return [_view(manager, dict(row)) for row in rows]


async def latest_contacts(
    connection: Connection, manager: Manager, *, before: int | None, limit: int
) -> list[tuple[int, ContactView]]:
    """Return contacts with the numbers of their latest changes, the latest first, those before a number."""
    async with in_index_order(connection):
        rows = await connection.fetch(
            f"""{_SELECT} WHERE c.manager_id = $1 AND c.change_number < $2 ORDER BY c.change_number DESC LIMIT $3""",
            manager.id,
            _LAST_NUMBER if before is None else before,
            limit,
        )
    return [(row["change_number"], _view(manager, dict(row))) for row in rows]


async def contacts_of_ids(connection: Connection, manager: Manager, unique_ids: list[str]) -> dict[str, ContactView]:
    """Return those contacts that there are, by unique id."""
    rows = await connection.fetch(
        f"{_SELECT} WHERE c.manager_id = $1 AND c.unique_id = ANY ($2) ORDER BY c.unique_id", manager.id, unique_ids
    )
    return {row["unique_id"]: _view(manager, dict(row)) for row in rows}


def last_with(prefix: str) -> str:
    """Return a text that no text with this prefix comes after, by code point, as far as that matters to an index."""
    return prefix + _LAST_CHARACTER * 8


async def get_contact(connection: Connection, manager: Manager, unique_id: str) -> ContactView:
    """Return one contact; UserError `contact_not_found`."""
    row = await connection.fetchrow(f"{_SELECT} WHERE c.manager_id = $1 AND c.unique_id = $2", manager.id, unique_id)
    if row is None:
        raise UserError("contact_not_found", "There is no contact with this unique id.")
    return _view(manager, dict(row))


async def contact_rows(connection: Connection, manager: Manager) -> AsyncGenerator[list[str], None]:
    """Yield a heading and then all contacts, without passwords, in constant memory; needs a transaction."""
    shown = [field for field in manager.fields if field.kind is not Kind.PASSWORD]
    yield [field.name for field in shown]
    cursor = connection.cursor(
        "SELECT unique_id, fields FROM contacts WHERE manager_id = $1 ORDER BY unique_id",
        manager.id,
        prefetch=2000,
    )
    async for row in cursor:
        values = row["fields"]
        yield [
            row["unique_id"] if field.number == manager.key_field else values.get(str(field.number), "")
            for field in shown
        ]


def _view(manager: Manager, row: dict[str, Any]) -> ContactView:
    values: dict[str, str | bool] = {}
    for field in manager.fields:
        if field.kind is Kind.PASSWORD:
            values[field.name] = field.number in row["passwords"]
        elif field.number == manager.key_field:
            values[field.name] = row["unique_id"]
        else:
            values[field.name] = row["fields"].get(str(field.number), "")
    return ContactView(
        unique_id=row["unique_id"],
        fields=values,
        updated_at=row["updated_at"],
        last_run_id=row["last_run_id"],
    )
