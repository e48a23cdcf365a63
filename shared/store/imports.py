"""Imports: saved set-ups. Owner: web. The set-up is stored as `set_ups.ImportSetup`, the schedule as JSON.

Each function works in the caller's transaction.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.changed_schedule import keeps_times
from shared.rules.due import Pause
from shared.rules.recurrence import Schedule
from shared.store.schedules import (
    Standing,
    note_overdue,
    note_pause_ended,
    pause_from_row,
    schedule_from_json,
    schedule_to_json,
)
from shared.store.set_ups import ImportSetup
from shared.store.staging import clear_passwords_of_import

COLUMNS = """id, manager_id, name, setup, schedule, next_run_at, retry_at, file_due_at, host_key, pause_from,
    pause_until, pause_reason, failures"""
"""What `saved_import` reads."""


@dataclass(frozen=True)
class ImportDraft:
    """An import as it is to be saved."""

    id: UUID
    manager_id: UUID
    name: str
    setup: ImportSetup = field(repr=False)
    schedule: Schedule | None
    next_run_at: datetime | None
    file_due_at: datetime | None


@dataclass(frozen=True)
class SavedImport(ImportDraft):
    """An import as it is stored; `host_key` is the first one that its SFTP server showed.

    `failures` are its scheduled runs in a row that failed or were refused; at `retry_at` the last one is tried again.
    """

    host_key: str | None
    pause: Pause | None
    retry_at: datetime | None
    failures: int


async def create_import(connection: Connection, draft: ImportDraft, *, now: datetime, is_draft: bool = False) -> UUID:
    """Save a new import; starts no run. `is_draft`: one that is not finished, of which only dry runs can be made."""
    await connection.execute(
        """INSERT INTO imports (id, manager_id, name, setup, schedule, next_run_at, file_due_at, created_at, is_draft)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        draft.id,
        draft.manager_id,
        draft.name,
        draft.setup.model_dump(mode="json"),
        schedule_to_json(draft.schedule) if draft.schedule else None,
        draft.next_run_at,
        draft.file_due_at,
        now,
        is_draft,
    )
    return draft.id


async def get_import(
    connection: Connection, import_id: UUID, *, lock: bool = False, or_draft: bool = False
) -> SavedImport:
    """Return an import that was not deleted, its row locked if wanted; UserError `import_not_found`.

    `or_draft`: also one whose set-up is not finished.
    """
    row = await connection.fetchrow(
        f"""SELECT {COLUMNS} FROM imports WHERE id = $1 AND deleted_at IS NULL AND (NOT is_draft OR $2)
        {"FOR UPDATE" if lock else ""}""",
        import_id,
        or_draft,
    )
    if row is None:
        raise _not_found()
    return saved_import(dict(row))


async def list_imports(
    connection: Connection, *, manager_id: UUID | None, after: UUID | None, limit: int
) -> list[SavedImport]:
    """Return imports in the order they were made, of one manager or of all, those after an id."""
    rows = await connection.fetch(
        f"""SELECT {COLUMNS} FROM imports WHERE deleted_at IS NULL AND NOT is_draft
        AND ($1::uuid IS NULL OR manager_id = $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3""",
        manager_id,
        after,
        limit,
    )
    return [saved_import(dict(row)) for row in rows]


async def update_import(
    connection: Connection, draft: ImportDraft, *, before: SavedImport, forget_host_key: bool, now: datetime
) -> None:
    """Save an import anew; `forget_host_key` when the key its server showed counts no more.

    A pause goes with the schedule; with another rule it begins anew, and what it took by the one before is told.
    Another schedule has not failed yet; what was due by another rule before, and waits for a scheduler, is missed.
    """
    pause = before.pause if draft.schedule else None
    if before.schedule is not None and not (draft.schedule and keeps_times(before.schedule, draft.schedule)):
        if before.pause is not None and before.pause.begins <= now:
            await note_pause_ended(connection, draft.id, before.schedule, before.pause, now=now)
            pause = replace(pause, begins=now) if pause and pause.covers(now) else None
        stands = Standing(before.schedule, before.pause, before.next_run_at)
        if stands.waits(now):
            await note_overdue(connection, draft.id, stands, "changed", now=now)
    await connection.execute(
        """UPDATE imports SET name = $2, setup = $3, schedule = $4, next_run_at = $5, file_due_at = $6,
        retry_at = CASE WHEN $5 = retry_at THEN retry_at END,
        failures = CASE WHEN schedule = $4::jsonb THEN failures ELSE 0 END,
        retries = CASE WHEN schedule = $4::jsonb THEN retries ELSE 0 END,
        pause_from = $8::timestamptz, pause_until = CASE WHEN $8 IS NOT NULL THEN pause_until END,
        pause_reason = CASE WHEN $8 IS NOT NULL THEN pause_reason END,
        host_key = CASE WHEN $7 THEN NULL ELSE host_key END WHERE id = $1""",
        draft.id,
        draft.name,
        draft.setup.model_dump(mode="json"),
        schedule_to_json(draft.schedule) if draft.schedule else None,
        draft.next_run_at,
        draft.file_due_at,
        forget_host_key,
        pause.begins if pause else None,
    )


async def finish_import(connection: Connection, import_id: UUID, *, now: datetime) -> None:
    """Let a draft be an import like all others, from now on; its schedule is still to be set."""
    await connection.execute("UPDATE imports SET is_draft = false, created_at = $2 WHERE id = $1", import_id, now)


async def delete_import(connection: Connection, import_id: UUID, *, now: datetime) -> None:
    """Deactivate an import and take it off the list; its runs stay. UserError `import_not_found`."""
    gone = await connection.fetchval(
        """UPDATE imports SET deleted_at = $2, next_run_at = NULL, file_due_at = NULL
        WHERE id = $1 AND deleted_at IS NULL RETURNING true""",
        import_id,
        now,
    )
    if not gone:
        raise _not_found()
    await clear_passwords_of_import(connection, import_id)


async def pin_host_key(connection: Connection, import_id: UUID, fingerprint: str) -> None:
    """Keep the first host key that an import's SFTP server showed; where one is kept already, nothing happens."""
    await connection.execute(
        "UPDATE imports SET host_key = $2 WHERE id = $1 AND host_key IS NULL", import_id, fingerprint
    )


async def import_existed(connection: Connection, import_id: UUID) -> None:
    """Pass where there is such an import, or was one: its history stays; UserError `import_not_found`."""
    if not await connection.fetchval("SELECT true FROM imports WHERE id = $1 AND NOT is_draft", import_id):
        raise _not_found()


def saved_import(row: dict[str, Any]) -> SavedImport:
    """Return an import of a row that has `COLUMNS`."""
    pause = pause_from_row(row)
    kept = {name: value for name, value in row.items() if not name.startswith("pause_")}
    return SavedImport(
        **kept
        | {
            "pause": pause,
            "setup": ImportSetup.model_validate(row["setup"]),
            "schedule": schedule_from_json(row["schedule"]) if row["schedule"] else None,
        }
    )


def _not_found() -> UserError:
    return UserError("import_not_found", "There is no such import.")
