"""Set-ups that are not finished: what an account has entered so far. Owner: web.

Each function works in the caller's transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.errors import UserError
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.store.imports import SavedImport, get_import

_COLUMNS = "id, manager_id, account_id, edits, import_id, form, updated_at"


@dataclass(frozen=True)
class SetUpDraft:
    """A set-up under way; `edits` is the import that is edited, `import_id` the draft that its dry runs are of."""

    id: UUID
    manager_id: UUID
    account_id: UUID
    edits: UUID | None
    import_id: UUID | None
    form: dict[str, Any] = field(repr=False)
    updated_at: datetime


async def find_draft(connection: Connection, draft_id: UUID | None, account_id: UUID) -> SetUpDraft | None:
    """Return an account's own draft, its row locked; None where there is none."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM import_drafts WHERE id = $1 AND account_id = $2 FOR UPDATE", draft_id, account_id
    )
    return SetUpDraft(**dict(row)) if row else None


async def get_draft(connection: Connection, draft_id: UUID, account_id: UUID) -> SetUpDraft:
    """Return an account's own draft, its row locked; UserError `draft_not_found`."""
    draft = await find_draft(connection, draft_id, account_id)
    if draft is None:
        raise UserError("draft_not_found", "There is no such draft: it was finished or discarded.")
    return draft


async def get_import_or_own_draft(connection: Connection, import_id: UUID, account_id: UUID | None) -> SavedImport:
    """Return an import, or what an account's own dry runs of a set-up are of; UserError `import_not_found`."""
    is_own = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM import_drafts WHERE import_id = $1 AND account_id = $2)", import_id, account_id
    )
    return await get_import(connection, import_id, or_draft=is_own)


async def list_drafts(connection: Connection, *, manager_id: UUID, account_id: UUID, limit: int) -> list[SetUpDraft]:
    """Return an account's drafts for a manager, the newest first; none that edits an import that is gone."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM import_drafts d WHERE manager_id = $1 AND account_id = $2
        AND NOT EXISTS (SELECT FROM imports i WHERE i.id = d.edits AND i.deleted_at IS NOT NULL)
        ORDER BY updated_at DESC, id DESC LIMIT $3""",
        manager_id,
        account_id,
        limit,
    )
    return [SetUpDraft(**dict(row)) for row in rows]


async def create_draft(
    connection: Connection,
    *,
    manager_id: UUID,
    account_id: UUID,
    edits: UUID | None,
    form: dict[str, Any],
    now: datetime,
) -> SetUpDraft:
    """Keep a new draft."""
    draft = SetUpDraft(new_id(), manager_id, account_id, edits, None, form, now)
    await connection.execute(
        """INSERT INTO import_drafts (id, manager_id, account_id, edits, form, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        draft.id,
        manager_id,
        account_id,
        edits,
        form,
        now,
    )
    return draft


async def update_draft(connection: Connection, draft_id: UUID, form: dict[str, Any], *, now: datetime) -> None:
    """Keep what stands in a draft's form now."""
    await connection.execute("UPDATE import_drafts SET form = $2, updated_at = $3 WHERE id = $1", draft_id, form, now)


async def tie_draft(connection: Connection, draft_id: UUID, import_id: UUID) -> None:
    """Note the import of which a draft's dry runs are."""
    await connection.execute("UPDATE import_drafts SET import_id = $2 WHERE id = $1", draft_id, import_id)


async def forget_draft(connection: Connection, draft_id: UUID) -> None:
    """Forget a draft; its import is another matter."""
    await connection.execute("DELETE FROM import_drafts WHERE id = $1", draft_id)
