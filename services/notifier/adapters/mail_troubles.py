"""The table of failures that repeat themselves, of imports some of whose addresses want to be told once a day."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.notifier.domain.troubles import SUMMARY_AFTER, Trouble
from shared.events.runs import ImportFinished
from shared.postgres.database import Connection, Pool

_COLUMNS = "reason, began_at, told_at, untold, last_at"
_SAVE = """
INSERT INTO mail_troubles (import_id, reason, began_at, told_at, untold, last_at, last_event)
SELECT id, $2, $3, $4, $5, $6, $7 FROM imports WHERE id = $1
ON CONFLICT (import_id) DO UPDATE SET reason = excluded.reason, began_at = excluded.began_at,
    told_at = excluded.told_at, untold = excluded.untold, last_at = excluded.last_at,
    last_event = CASE WHEN excluded.reason <> mail_troubles.reason OR excluded.last_at > mail_troubles.last_at
        THEN excluded.last_event ELSE mail_troubles.last_event END
"""
_CLAIM = f"""
SELECT {_COLUMNS}, last_event FROM mail_troubles t
WHERE untold > 0 AND told_at <= $1 ORDER BY told_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""


async def lock_trouble(connection: Connection, import_id: UUID) -> Trouble | None:
    """Return an import's trouble; until the transaction ends nobody else looks at it, whether there is one or not."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('mail_troubles ' || $1, 0))", str(import_id)
    )
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM mail_troubles WHERE import_id = $1 FOR NO KEY UPDATE", import_id
    )
    return Trouble(**dict(row)) if row else None


async def save_trouble(connection: Connection, import_id: UUID, trouble: Trouble | None, run: ImportFinished) -> None:
    """Keep an import's trouble, and the run where it is the newest of it; without a trouble there is none any more."""
    if trouble is None:
        await connection.execute("DELETE FROM mail_troubles WHERE import_id = $1", import_id)
        return
    known = (trouble.reason, trouble.began_at, trouble.told_at, trouble.untold, trouble.last_at)
    await connection.execute(_SAVE, import_id, *known, run.model_dump(mode="json"))


async def end_trouble(pool: Pool, run: ImportFinished) -> None:
    """Forget an import's trouble after a run that nobody is told of daily any more, if it is newer than all of it."""
    await pool.execute(
        "DELETE FROM mail_troubles WHERE import_id = $1 AND last_at <= $2", run.import_id, run.finished_at
    )


async def claim_untold(connection: Connection, now: datetime) -> tuple[Trouble, ImportFinished] | None:
    """Return a trouble whose day is over with runs that nobody was told of, locked; None: there is none."""
    row = await connection.fetchrow(_CLAIM, now - SUMMARY_AFTER)
    return _with_run(row) if row else None


async def next_untold(pool: Pool) -> datetime | None:
    """Return when the next summary is due."""
    told_at: datetime | None = await pool.fetchval("SELECT min(told_at) FROM mail_troubles WHERE untold > 0")
    return told_at + SUMMARY_AFTER if told_at else None


async def is_kept(connection: Connection, import_id: UUID) -> bool:
    """Tell whether the import has not been deleted."""
    kept = "SELECT EXISTS (SELECT FROM imports WHERE id = $1 AND deleted_at IS NULL)"
    return bool(await connection.fetchval(kept, import_id))


async def note_told(connection: Connection, import_id: UUID, now: datetime) -> None:
    """Note that a summary has told of all runs so far."""
    await connection.execute("UPDATE mail_troubles SET told_at = $2, untold = 0 WHERE import_id = $1", import_id, now)


def _with_run(row: asyncpg.Record) -> tuple[Trouble, ImportFinished]:
    known = dict(row)
    last = ImportFinished.model_validate(known.pop("last_event"))
    return Trouble(**known), last
