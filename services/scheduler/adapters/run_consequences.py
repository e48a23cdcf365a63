"""What a scheduled run that ended means for its schedule: counted, tried again, or paused with a mail."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.scheduler.domain.failures import Standing, consequence
from shared.events.import_warnings import ImportWarned
from shared.events.runs import ImportFinished
from shared.ids import new_id
from shared.postgres.database import Connection
from shared.postgres.outbox import say
from shared.rules.due import Pause
from shared.store.schedules import pause_import, schedule_from_json
from shared.topics import IMPORT_WARNED

_SERVICE = "scheduler"

# Ids are in the order of time: the end of an older run, or the same end again, changes nothing.
_IMPORT = """
SELECT id, manager_id, schedule, failures, retries, next_run_at, pause_from FROM imports
WHERE id = $1 AND deleted_at IS NULL AND schedule IS NOT NULL AND coalesce(judged_run_id < $2, true)
FOR NO KEY UPDATE
"""


async def judge_finished_run(connection: Connection, event: ImportFinished, now: datetime) -> None:
    """Draw the consequences of a run that its schedule started; of other runs there are none."""
    if event.trigger != "schedule":
        return
    row = await connection.fetchrow(_IMPORT, event.import_id, event.run_id)
    if row is None:
        return
    policy = schedule_from_json(row["schedule"]).policy
    standing = Standing(row["failures"], row["retries"], row["next_run_at"])
    follows = consequence(policy, standing, event.status, now)
    await connection.execute(
        "UPDATE imports SET failures = $2, judged_run_id = $3 WHERE id = $1",
        event.import_id,
        follows.failures,
        event.run_id,
    )
    if row["pause_from"] is not None and row["pause_from"] <= now:
        return
    if follows.pauses:
        await _pause(connection, row, event, follows.failures, now)
    elif follows.retry_at is not None:
        await connection.execute(
            "UPDATE imports SET retry_at = $2, next_run_at = $2, retries = retries + 1 WHERE id = $1",
            event.import_id,
            follows.retry_at,
        )


async def _pause(
    connection: Connection, row: asyncpg.Record, event: ImportFinished, failures: int, now: datetime
) -> None:
    import_id: UUID = row["id"]
    times = "once" if failures == 1 else f"{failures} times in a row"
    reason = f"its runs failed {times}"
    await pause_import(connection, import_id, Pause(now, None, reason), now=now)
    why = f" The last time: {event.error.message}" if event.error else ""
    warned = ImportWarned(
        event_id=new_id(),
        occurred_at=now,
        import_id=import_id,
        import_name=event.import_name,
        manager_id=event.manager_id,
        manager_name=event.manager_name,
        warning="schedule_paused",
        message=f"The schedule was paused, because {reason}.{why}",
        failures=failures,
        last_run_id=event.run_id,
        error_emails=event.error_emails,
        time_zone=event.time_zone,
    )
    await say(connection, _SERVICE, IMPORT_WARNED, warned, key=str(import_id))
