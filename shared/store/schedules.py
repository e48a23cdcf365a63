"""Schedules as they are stored with their imports: rule and policy, pause, what was missed.

The due times are the scheduler's to set; web pauses and resumes. Each function works in the caller's transaction.
"""

from dataclasses import asdict
from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.due import MOST_COUNTED, Pause, due_between, next_due, next_file_due
from shared.rules.recurrence import Schedule, counted_end
from shared.rules.schedule_policy import SchedulePolicy

MissedCode = Literal["run_active", "downtime", "paused"]


class MissedView(BaseModel):
    """Occurrences that did not run, one span for each cause."""

    due_at: datetime
    last_due_at: datetime
    occurrences: int = Field(description=f"How many there were; {MOST_COUNTED:,} stands for so many or more")
    code: MissedCode
    reason: str


def schedule_to_json(schedule: Schedule) -> dict[str, Any]:
    """Return what `imports.schedule` holds: wall-clock times without an offset."""
    policy = asdict(schedule.policy)
    last = counted_end(schedule)
    return {
        "start": schedule.start.isoformat(),
        "time_zone": schedule.time_zone,
        "rrule": schedule.rrule,
        "until": schedule.until.isoformat() if schedule.until else None,
        "count": schedule.count,
        "last": last.isoformat() if last else None,
        "policy": policy | {"file_by": schedule.policy.file_by.isoformat() if schedule.policy.file_by else None},
    }


def schedule_from_json(stored: dict[str, Any]) -> Schedule:
    """Return the schedule that `schedule_to_json` stored; one stored before there were policies has none."""
    policy = stored.get("policy") or {}
    file_by = policy.get("file_by")
    return Schedule(
        start=datetime.fromisoformat(stored["start"]),
        time_zone=stored["time_zone"],
        rrule=stored["rrule"],
        until=datetime.fromisoformat(stored["until"]) if stored["until"] else None,
        count=stored["count"],
        last=datetime.fromisoformat(stored["last"]) if stored.get("last") else None,
        policy=SchedulePolicy(**policy | {"file_by": time.fromisoformat(file_by) if file_by else None}),
    )


def pause_from_row(row: Any) -> Pause | None:  # noqa: ANN401 - a record or a dict
    """Return the pause that a row of imports holds."""
    return Pause(row["pause_from"], row["pause_until"], row["pause_reason"]) if row["pause_from"] else None


async def pause_import(connection: Connection, import_id: UUID, pause: Pause, *, now: datetime) -> None:
    """Let an import's schedule pause; an earlier pause is replaced, and what it has taken so far is noted as missed.

    UserError `import_not_found`, or `schedule_missing` where there is none.
    """
    schedule, before = await _schedule_of(connection, import_id)
    if before is not None and before.begins <= now:
        await note_pause_ended(connection, import_id, schedule, before, now=now)
    await connection.execute(
        """UPDATE imports SET pause_from = $2, pause_until = $3, pause_reason = $4, next_run_at = $5, file_due_at = $6,
        retry_at = NULL WHERE id = $1""",
        import_id,
        pause.begins,
        pause.ends,
        pause.reason,
        next_due(schedule, import_id, now, pause),
        next_file_due(schedule, now, pause),
    )


async def resume_import(connection: Connection, import_id: UUID, *, now: datetime) -> None:
    """End an import's pause; what it took is noted as missed, and not made up for. Failures are counted anew.

    UserError `import_not_found`, `schedule_missing`, or `schedule_not_paused`.
    """
    schedule, pause = await _schedule_of(connection, import_id)
    if pause is None:
        raise UserError("schedule_not_paused", "The schedule is not paused.")
    await note_pause_ended(connection, import_id, schedule, pause, now=now)
    await connection.execute(
        """UPDATE imports SET pause_from = NULL, pause_until = NULL, pause_reason = NULL, failures = 0, retries = 0,
        next_run_at = $2, file_due_at = $3 WHERE id = $1""",
        import_id,
        next_due(schedule, import_id, now),
        next_file_due(schedule, now),
    )


async def note_pause_ended(
    connection: Connection, import_id: UUID, schedule: Schedule, pause: Pause, *, now: datetime
) -> None:
    """Note as missed what a pause has taken up to now."""
    end = min(pause.ends, now) if pause.ends else now
    taken = due_between(schedule, pause.begins, end)
    reason = "The schedule was paused" + (f": {pause.reason}" if pause.reason else ".")
    await note_missed(connection, [(import_id, taken, "paused", reason)], now=now)


async def note_missed(
    connection: Connection, spans: list[tuple[UUID, list[datetime], MissedCode, str]], *, now: datetime
) -> None:
    """Note occurrences that did not run: for each span import, due times in order, cause, and words for it."""
    rows = [
        (import_id, times[0], times[-1], len(times), code, reason, now)
        for import_id, times, code, reason in spans
        if times
    ]
    await connection.executemany(
        """INSERT INTO missed_occurrences (import_id, due_at, last_due_at, occurrences, code, reason, noted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        rows,
    )


async def missed_of(connection: Connection, import_id: UUID, *, limit: int) -> list[MissedView]:
    """Return what an import has missed, the newest first."""
    rows = await connection.fetch(
        """SELECT due_at, coalesce(last_due_at, due_at) AS last_due_at, occurrences, code, reason
        FROM missed_occurrences WHERE import_id = $1 ORDER BY due_at DESC LIMIT $2""",
        import_id,
        limit,
    )
    return [MissedView.model_validate(dict(row)) for row in rows]


async def _schedule_of(connection: Connection, import_id: UUID) -> tuple[Schedule, Pause | None]:
    """Return an import's schedule and pause, its row locked."""
    row = await connection.fetchrow(
        """SELECT schedule, pause_from, pause_until, pause_reason FROM imports
        WHERE id = $1 AND deleted_at IS NULL FOR UPDATE""",
        import_id,
    )
    if row is None:
        raise UserError("import_not_found", "There is no such import.")
    if row["schedule"] is None:
        raise UserError("schedule_missing", "The import has no schedule.")
    return schedule_from_json(row["schedule"]), pause_from_row(row)
