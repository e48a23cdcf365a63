"""The log of contacts' changes. Owner: syncer; edits by hand write their part of it.

A run's part is its stored plan; an edit's a row of `hand_edits`. Of a first load each contact is the log of its own
addition, for as long as nothing else has written it. The view `change_log` has them all.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from shared.postgres.database import Connection

Change = Literal["added", "updated", "deleted"]

TAKE_OVER = """
INSERT INTO plan_changes (run_id, manager_id, ordinal, number, change, unique_id, line, after, row_hash)
SELECT c.last_run_id, c.manager_id, c.change_number - r.plan_change_number, c.change_number, 'added', c.unique_id,
    c.log_line, c.fields, c.row_hash
FROM {whose} c JOIN runs r ON r.id = c.last_run_id
"""
"""Has the log take over from contacts that a first load added, before something else is written there, that it did."""

_OF_CONTACT = TAKE_OVER.format(
    whose="(SELECT * FROM contacts WHERE manager_id = $1 AND unique_id = $2 AND log_line IS NOT NULL)"
)


_MOST_BYTES = 4 << 20

# A value that Postgres has not compressed is as large as it lies there, which need not be read to be known.
_BETWEEN = """
SELECT number, change, unique_id, run_id, account_id, line, before, after, changed_at, found FROM (
    SELECT *, sum(size) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) AS so_far, count(*) OVER () AS found FROM (
        SELECT *, coalesce(CASE WHEN pg_column_compression(before) IS NULL THEN pg_column_size(before)
                ELSE octet_length(before::text) END, 0)
            + coalesce(CASE WHEN pg_column_compression(after) IS NULL THEN pg_column_size(after)
                ELSE octet_length(after::text) END, 0) AS size
        FROM change_log WHERE manager_id = $1 AND number BETWEEN $2 AND $3) AS sized) AS summed
WHERE so_far <= $4 OR so_far = size ORDER BY number
"""
_COLUMNS = 9


@dataclass(frozen=True)
class HandEdit:
    """A contact changed by hand, by field number; `passwords` are the fields that got another one."""

    manager_id: UUID
    number: int
    change: Change
    unique_id: str
    before: dict[str, str] | None
    after: dict[str, str] | None
    passwords: Collection[int] = ()
    account_id: UUID | None = None


async def take_over_contact(connection: Connection, manager_id: UUID, unique_id: str) -> None:
    """Let the log take over, from a contact that is about to be edited, that a first load added it."""
    await connection.execute(_OF_CONTACT, manager_id, unique_id)


async def log_hand_edit(connection: Connection, edit: HandEdit, *, now: datetime) -> None:
    """Log an edit, and tell those who say changes on."""
    await connection.execute(
        """INSERT INTO hand_edits (manager_id, number, change, unique_id, before, after, passwords, account_id,
            edited_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        edit.manager_id,
        edit.number,
        edit.change,
        edit.unique_id,
        edit.before,
        edit.after,
        list(edit.passwords),
        edit.account_id,
        now,
    )
    await connection.execute("SELECT pg_notify('contacts_changed', $1)", str(edit.manager_id))


class LoggedChange(NamedTuple):
    """A change of one contact; before and after by field number. There may be millions of them: a tuple costs least."""

    number: int
    change: Change
    unique_id: str
    run_id: UUID | None
    account_id: UUID | None
    line: int | None
    before: dict[str, str] | None
    after: dict[str, str] | None
    changed_at: datetime


async def changes_between(
    connection: Connection, manager_id: UUID, first: int, last: int, *, most_bytes: int = _MOST_BYTES
) -> tuple[list[LoggedChange], int]:
    """Return a manager's changes by number, ends included, and the number up to which these are all.

    They end before `last` where their values would be more than so many bytes together; one is there in any case.
    """
    rows = await connection.fetch(_BETWEEN, manager_id, first, last, most_bytes)
    changes = [LoggedChange(*row[:_COLUMNS]) for row in rows]
    is_cut = bool(rows) and len(rows) < rows[0]["found"]
    return changes, changes[-1].number if is_cut else last


async def deleted_between(connection: Connection, manager_id: UUID, first: int, last: int) -> list[str]:
    """Return the unique ids of a manager's contacts that changes between these numbers deleted and are gone still."""
    rows = await connection.fetch(
        """SELECT DISTINCT l.unique_id FROM change_log l
        WHERE l.manager_id = $1 AND l.number BETWEEN $2 AND $3 AND l.change = 'deleted' AND NOT EXISTS (
            SELECT FROM contacts c WHERE c.manager_id = $1 AND c.unique_id = l.unique_id)""",
        manager_id,
        first,
        last,
    )
    return [row["unique_id"] for row in rows]
