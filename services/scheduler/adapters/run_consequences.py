"""What scheduled runs that ended mean for their schedules: counted, tried again, or paused with a mail."""

from datetime import datetime

import asyncpg
import structlog

from services.scheduler.domain.failures import Standing, consequence
from shared.errors import ContactsSyncError
from shared.events.import_warnings import ImportWarned
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.postgres.outbox import say
from shared.rules.due import Pause
from shared.store.schedules import pause_from_row, pause_import, schedule_from_json
from shared.store.set_ups import RunSetup
from shared.topics import IMPORT_WARNED

_SERVICE = "scheduler"
_log = structlog.get_logger("contacts_sync.scheduler.consequences")

_ENDED = """
UPDATE runs SET follow_up = false WHERE id IN (
    SELECT id FROM runs WHERE follow_up AND finished_at IS NOT NULL ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, import_id, manager_id, status, error_message, setup
"""

_IMPORT = """
SELECT id, schedule, failures, retries, next_run_at, pause_from, pause_until, pause_reason FROM imports
WHERE id = $1 AND deleted_at IS NULL AND schedule IS NOT NULL FOR NO KEY UPDATE
"""


async def follow_up_runs(connection: Connection, now: datetime, limit: int) -> int:
    """Draw the consequences of scheduled runs that ended, each once; returns how many there were."""
    runs = await connection.fetch(_ENDED, limit)
    for run in sorted(runs, key=lambda run: run["id"]):
        row = await connection.fetchrow(_IMPORT, run["import_id"])
        if row is None:
            continue
        try:
            async with connection.transaction():
                await _follow_up(connection, run, row, now)
        except (ValueError, TypeError, KeyError, OverflowError, ContactsSyncError) as error:
            _log.error("schedule cannot be read", import_id=str(row["id"]), error=type(error).__name__)
    return len(runs)


async def _follow_up(connection: Connection, run: asyncpg.Record, row: asyncpg.Record, now: datetime) -> None:
    policy = schedule_from_json(row["schedule"]).policy
    standing = Standing(row["failures"], row["retries"], row["next_run_at"])
    follows = consequence(policy, standing, run["status"], now)
    if follows.failures != row["failures"]:
        await connection.execute("UPDATE imports SET failures = $2 WHERE id = $1", row["id"], follows.failures)
    pause = pause_from_row(row)
    if pause is not None and pause.covers(now):
        return
    if follows.pauses:
        await _pause(connection, run, follows.failures, now)
    elif follows.retry_at is not None and not (pause and pause.covers(follows.retry_at)):
        await connection.execute(
            "UPDATE imports SET retry_at = $2, next_run_at = $2, retries = retries + 1 WHERE id = $1",
            row["id"],
            follows.retry_at,
        )


async def _pause(connection: Connection, run: asyncpg.Record, failures: int, now: datetime) -> None:
    reason = "its runs failed " + ("once" if failures == 1 else f"{failures} times in a row")
    await pause_import(connection, run["import_id"], Pause(now, None, reason), now=now)
    why = f" The last time: {run['error_message']}" if run["error_message"] else ""
    setup = RunSetup.model_validate(run["setup"])
    warned = ImportWarned(
        event_id=new_id(),
        occurred_at=now,
        import_id=run["import_id"],
        import_name=setup.name,
        manager_id=run["manager_id"],
        manager_name=setup.manager_name,
        warning="schedule_paused",
        message=f"The schedule was paused, because {reason}.{why}",
        failures=failures,
        last_run_id=run["id"],
        error_emails=setup.options.error_emails,
        mails=setup.options.mails,
        time_zone=setup.time_zone,
    )
    await say(connection, _SERVICE, IMPORT_WARNED, warned, key=str(run["import_id"]))
