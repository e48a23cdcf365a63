"""Contact managers and their fields. Owner: web.

Each function works in the caller's transaction.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.rules.kinds import Kind
from shared.store.set_ups import FieldSpec

# What a run writes by the million has no foreign key to go by.
_DELETE = (
    # Whoever indexes the manager's contacts holds the cursor, and finds none once this has gone through.
    "DELETE FROM search_cursors WHERE manager_id = $1",
    "DELETE FROM contact_search WHERE manager_id = $1",
    "DELETE FROM webhook_cursors WHERE manager_id = $1",
    "DELETE FROM webhook_deliveries WHERE manager_id = $1",
    "DELETE FROM plan_passwords USING runs r WHERE run_id = r.id AND r.manager_id = $1",
    "DELETE FROM plan_changes WHERE manager_id = $1",
    "DELETE FROM contact_passwords WHERE manager_id = $1",
    "DELETE FROM contacts WHERE manager_id = $1",
    "DELETE FROM managers WHERE id = $1",
)


class FieldView(BaseModel):
    """A field as people see it; they know fields by name."""

    name: str
    kind: Kind = Kind.TEXT
    is_searchable: bool = Field(default=False, description="Contacts can be found by what their value here begins with")


class ManagerView(BaseModel):
    """A contact manager as people see it."""

    id: UUID
    name: str
    fields: list[FieldView]
    key_field: str | None = Field(description="Null until the first import, or the first contact by hand, sets it")
    contact_count: int


class Manager(BaseModel):
    """A contact manager as the database has it; `key_field` is a field's number."""

    id: UUID
    name: str
    key_field: int | None
    contact_count: int
    change_number: int
    fields: list[FieldSpec]
    searchable: list[int] = []
    """The numbers of the fields that are searched beside the unique id."""

    @property
    def searched_fields(self) -> list[FieldSpec]:
        """Return the fields that are searched beside the unique id, in their order."""
        return [field for field in self.fields if field.number in self.searchable and field.number != self.key_field]

    def find_field(self, name: str) -> FieldSpec | None:
        """Return the field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def field_name(self, number: int | None) -> str | None:
        """Return the name of the field with that number, if there is one."""
        return next((field.name for field in self.fields if field.number == number), None)

    def require_key(self, key: FieldSpec, *, at: str) -> None:
        """Refuse another key field while contacts exist, and a password as key; `at` names the input.

        UserError `key_is_password` or `key_field_differs`.
        """
        if key.kind is Kind.PASSWORD:
            raise UserError(
                "key_is_password",
                "A password can't be the unique identifier; choose another field.",
                field=at,
            )
        if self.contact_count and self.key_field is not None and self.key_field != key.number:
            raise UserError(
                "key_field_differs",
                f'The contacts of "{self.name}" are told apart by "{self.field_name(self.key_field)}": '
                "use that field as the unique identifier, or delete the contacts first.",
                field=at,
            )

    def view(self) -> ManagerView:
        """Return it as people see it."""
        return ManagerView(
            id=self.id,
            name=self.name,
            fields=[
                FieldView(name=field.name, kind=field.kind, is_searchable=field in self.searched_fields)
                for field in self.fields
            ],
            key_field=self.field_name(self.key_field),
            contact_count=self.contact_count,
        )


async def create_manager(connection: Connection, name: str, fields: list[FieldView], *, now: datetime) -> UUID:
    """Make a contact manager with its first fields; UserError `field_exists` where two have one name."""
    manager_id = new_id()
    await connection.execute("INSERT INTO managers (id, name, created_at) VALUES ($1, $2, $3)", manager_id, name, now)
    for place, field in enumerate(fields):
        await add_field(connection, manager_id, field, at=f"fields.{place}.name")
    return manager_id


async def add_field(connection: Connection, manager_id: UUID, field: FieldView, *, at: str = "name") -> None:
    """Add a field at the end; UserError `manager_not_found`, or `field_exists` about the input `at`."""
    await _lock(connection, manager_id)
    try:
        async with connection.transaction():
            await connection.execute(
                """INSERT INTO fields (manager_id, number, name, kind)
                SELECT $1, coalesce(max(number), 0) + 1, $2, $3 FROM fields WHERE manager_id = $1""",
                manager_id,
                field.name,
                field.kind,
            )
    except asyncpg.UniqueViolationError as error:
        raise UserError("field_exists", f'There is a field "{field.name}" already.', field=at) from error


async def set_key_field(connection: Connection, manager_id: UUID, number: int | None) -> None:
    """Set the key field; whether it may change is for `Manager.require_key` to say."""
    await connection.execute("UPDATE managers SET key_field = $2 WHERE id = $1", manager_id, number)


async def rename_manager(connection: Connection, manager_id: UUID, name: str) -> None:
    """Give a contact manager another name."""
    await connection.execute("UPDATE managers SET name = $2 WHERE id = $1", manager_id, name)


async def get_manager(connection: Connection, manager_id: UUID, *, lock: bool = False) -> Manager:
    """Return a contact manager, its row locked if wanted; UserError `manager_not_found`."""
    if lock:
        await _lock(connection, manager_id)
    found = await _managers(connection, "WHERE id = $1", manager_id)
    if not found:
        raise _not_found()
    return found[0]


async def list_managers(connection: Connection, *, after: UUID | None, limit: int) -> list[Manager]:
    """Return contact managers in the order they were made, those after an id."""
    return await _managers(connection, "WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2", after, limit)


async def find_managers(
    connection: Connection, text: str, *, after: tuple[str, UUID] | None, limit: int
) -> list[Manager]:
    """Return contact managers by name, those whose name holds the text, after a name and id."""
    return await _managers(
        connection,
        """WHERE strpos(lower(name), lower($1)) > 0 AND ($2::text IS NULL OR (lower(name), id) > (lower($2), $3::uuid))
        ORDER BY lower(name), id LIMIT $4""",
        text,
        *(after or (None, None)),
        limit,
    )


async def manager_names(connection: Connection, text: str, *, also: Collection[UUID], limit: int) -> dict[UUID, str]:
    """Return the names of contact managers, in their order: of those that hold the text, and of some others by id."""
    rows = await connection.fetch(
        """SELECT id, name FROM managers WHERE id = ANY ($2) OR id IN (
            SELECT id FROM managers WHERE strpos(lower(name), lower($1)) > 0 ORDER BY lower(name), id LIMIT $3)
        ORDER BY lower(name), id""",
        text,
        list(also),
        limit,
    )
    return {row["id"]: row["name"] for row in rows}


async def count_managers(connection: Connection) -> int:
    """Return how many contact managers there are."""
    count: int = await connection.fetchval("SELECT count(*) FROM managers")
    return count


async def delete_manager(connection: Connection, manager_id: UUID) -> None:
    """Delete a manager with its contacts, imports and runs; UserError `run_active` while one runs."""
    await _lock(connection, manager_id)
    # A run that is just being queued refers to its import, so it waits for these locks, then finds none.
    await connection.execute("SELECT FROM imports WHERE manager_id = $1 FOR UPDATE", manager_id)
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM runs WHERE manager_id = $1 AND finished_at IS NULL)", manager_id
    ):
        raise UserError(
            "run_active", "A run of one of its imports is under way; wait until it has ended, or cancel it."
        )
    for statement in _DELETE:
        await connection.execute(statement, manager_id)


async def _lock(connection: Connection, manager_id: UUID) -> None:
    if await connection.fetchval("SELECT true FROM managers WHERE id = $1 FOR UPDATE", manager_id) is None:
        raise _not_found()


async def _managers(connection: Connection, where: str, *arguments: object) -> list[Manager]:
    rows = await connection.fetch(
        f"""SELECT id, name, key_field, contact_count, change_number, coalesce((
            SELECT jsonb_agg(jsonb_build_object('number', number, 'name', f.name, 'kind', kind)
                ORDER BY number)
            FROM fields f WHERE f.manager_id = managers.id), '[]') AS fields,
            ARRAY(SELECT s.field FROM search_fields s WHERE s.manager_id = managers.id AND s.is_wanted) AS searchable
        FROM managers {where}""",
        *arguments,
    )
    return [Manager.model_validate(dict(row)) for row in rows]


def _not_found() -> UserError:
    return UserError("manager_not_found", "There is no such contact manager.")
