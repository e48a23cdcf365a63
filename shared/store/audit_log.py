"""The audit log: who changed what and when, written in the transaction of the change, and kept for good.

Each function works in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.postgres.database import Connection

ObjectKind = Literal["manager", "import", "run", "account", "webhook", "system"]

Details = Mapping[str, Any]
"""By what changed: `{"before": …, "after": …}`, or `{"changed": true}` where the values are secret."""


@dataclass(frozen=True)
class Actor:
    """Who does something: an account, with the name of the API token it came with; neither: a command on the server."""

    account_id: UUID | None = None
    login: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class AuditObject:
    """What a change is about, by the name that it has at the time."""

    kind: ObjectKind
    id: UUID
    name: str


class AuditEntry(BaseModel):
    """A change that was made."""

    number: int
    at: datetime
    login: str | None = Field(description="Whose account made it; null: a command on the server")
    token: str | None = Field(description="The name of the API token it came with; null: by hand")
    what: str = Field(description="A stable code, such as `import.changed`")
    object_kind: ObjectKind
    object_id: UUID
    object_name: str = Field(description="Its name at the time")
    details: dict[str, Any] = Field(description="By what changed: `before` and `after`; of secrets only `changed`")


async def record(
    connection: Connection,
    by: Actor,
    what: str,
    about: AuditObject,
    details: Details | None = None,
    *,
    now: datetime,
) -> None:
    """Write an entry; secrets never come this far: `details` of one says no more than that it changed."""
    await connection.execute(
        """INSERT INTO audit_log (at, account_id, login, token, what, object_kind, object_id, object_name, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        now,
        by.account_id,
        by.login,
        by.token,
        what,
        about.kind,
        about.id,
        about.name,
        dict(details or {}),
    )


async def list_entries(
    connection: Connection, *, object_id: UUID | None, before: int | None, limit: int
) -> list[AuditEntry]:
    """Return entries, the newest first: about one object or all, those before a number."""
    rows = await connection.fetch(
        """SELECT number, at, login, token, what, object_kind, object_id, object_name, details FROM audit_log
        WHERE ($1::uuid IS NULL OR object_id = $1) AND ($2::bigint IS NULL OR number < $2)
        ORDER BY number DESC LIMIT $3""",
        object_id,
        before,
        limit,
    )
    return [AuditEntry.model_validate(dict(row)) for row in rows]
