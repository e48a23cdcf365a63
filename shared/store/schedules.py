"""Schedules as they are stored with their imports: rule and policy, pause, what was missed.

The due times are the scheduler's to set; web pauses and resumes. Each function works in the caller's transaction.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.errors import UserError
from shared.postgres.database import Connection
from shared.rules.due import MOMENT, MOST_COUNTED, Pause, delay_of, due_between, next_due, next_file_due, open_from
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


@dataclass(frozen=True)
class Standing:
    """A stored schedule with what moves it: its pause, and when it is due next, also where that is a try again."""

    schedule: Schedule
    pause: Pause | None
    next_at: datetime | None
    retry_at: datetime | None = None

    @property
    def awaited(self) -> datetime | None:
        """Return when it is due next, a try again left aside."""
        return None if self.next_at == self.retry_at else self.next_at

    def waits(self, now: datetime) -> bool:
        """Tell whether a run is due already, and waits for a scheduler."""
        return self.next_at is not None and self.next_at <= now

    def or_retry(self, due: datetime | None, pause: Pause | None) -> datetime | None:
        """Return the try again that is still to come, where it is before a due time and not in a pause; else `due`."""
        retry_at = self.retry_at if self.retry_at == self.next_at else None
        if retry_at is None or (due is not None and due <= retry_at) or (pause is not None and pause.covers(retry_at)):
            return due
        return retry_at


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

    What is due already, and waits for a scheduler, still runs if the pause begins later, and else is missed.
    UserError `import_not_found`, or `schedule_missing` where there is none.
    """
    stands = await _standing_of(connection, import_id)
    schedule, before = stands.schedule, stands.pause
    if before is not None and before.begins <= now:
        await note_pause_ended(connection, import_id, schedule, before, now=now)
    since = open_from(schedule, import_id, now, stands.awaited, before)
    first = next_due(schedule, import_id, since, before and before.until(now))
    next_at = first and next_due(schedule, import_id, first - MOMENT, pause)
    if not stands.waits(now):
        next_at = stands.or_retry(next_at, pause)
    elif pause.begins > now:
        next_at = stands.next_at
    else:
        await note_overdue(connection, import_id, stands, "paused", now=now)
    await connection.execute(
        """UPDATE imports SET pause_from = $2, pause_until = $3, pause_reason = $4, next_run_at = $5, file_due_at = $6,
        retry_at = CASE WHEN retry_at = $5 THEN retry_at END WHERE id = $1""",
        import_id,
        pause.begins,
        pause.ends,
        pause.reason,
        next_at,
        next_file_due(schedule, now, pause),
    )


async def resume_import(connection: Connection, import_id: UUID, *, now: datetime) -> None:
    """End an import's pause; what it took is noted as missed, and not made up for. Failures are counted anew.

    What came due outside of the pause, and waits for a scheduler, still runs, unless the pause has begun since.
    UserError `import_not_found`, `schedule_missing`, or `schedule_not_paused`.
    """
    stands = await _standing_of(connection, import_id)
    schedule, pause = stands.schedule, stands.pause
    if pause is None:
        raise UserError("schedule_not_paused", "The schedule is not paused.")
    await note_pause_ended(connection, import_id, schedule, pause, now=now)
    since = open_from(schedule, import_id, now, stands.awaited, pause)
    next_at = next_due(schedule, import_id, since, pause.until(now))
    if not stands.waits(now):
        next_at = stands.or_retry(next_at, None)
    elif stands.next_at is not None:
        if stands.next_at < pause.begins <= now:
            await note_overdue(connection, import_id, stands, "paused", now=now)
        else:
            next_at = stands.next_at
    await connection.execute(
        """UPDATE imports SET pause_from = NULL, pause_until = NULL, pause_reason = NULL, failures = 0, retries = 0,
        next_run_at = $2, file_due_at = $3, retry_at = CASE WHEN retry_at = $2 THEN retry_at END WHERE id = $1""",
        import_id,
        next_at,
        next_file_due(schedule, now),
    )


async def note_pause_ended(
    connection: Connection, import_id: UUID, schedule: Schedule, pause: Pause, *, now: datetime
) -> None:
    """Note as missed what a pause has taken up to now."""
    past = pause.until(now)
    delay = delay_of(schedule, import_id)
    taken = [due for due in due_between(schedule, past.begins - delay, past.ends or now) if past.takes(due, delay)]
    reason = "The schedule was paused" + (f": {pause.reason}" if pause.reason else ".")
    await note_missed(connection, [(import_id, taken, "paused", reason)], now=now)


async def note_overdue(connection: Connection, import_id: UUID, stands: Standing, what: str, *, now: datetime) -> None:
    """Note as missed what is due already and will not run, because since then its schedule was `what`."""
    if stands.next_at is None:
        return
    delay = delay_of(stands.schedule, import_id)
    times = due_between(stands.schedule, stands.next_at - delay, now - delay + MOMENT)
    missed = [due for due in times if stands.pause is None or not stands.pause.takes(due, delay)]
    words = f"The scheduler was not running, or not in time, when it was due; then the schedule was {what}."
    await note_missed(connection, [(import_id, missed, "downtime", words)], now=now)


async def note_missed(
    connection: Connection, spans: list[tuple[UUID, list[datetime], MissedCode, str]], *, now: datetime
) -> None:
    """Note occurrences that did not run: for each span import, due times in order, cause, and words for it.

    Of spans that begin alike, after a clock was set back, the longer one of each cause stays.
    """
    rows = [
        (import_id, times[0], times[-1], len(times), code, reason, now)
        for import_id, times, code, reason in spans
        if times
    ]
    await connection.executemany(
        """INSERT INTO missed_occurrences (import_id, due_at, last_due_at, occurrences, code, reason, noted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (import_id, due_at, code) DO UPDATE
        SET last_due_at = excluded.last_due_at, occurrences = excluded.occurrences, reason = excluded.reason,
            noted_at = excluded.noted_at
        WHERE excluded.occurrences > missed_occurrences.occurrences""",
        rows,
    )


async def missed_of(
    connection: Connection, import_id: UUID, *, limit: int, before: tuple[datetime, str] | None = None
) -> list[MissedView]:
    """Return what an import has missed, the newest first; `before` is due time and code of the last one known."""
    rows = await connection.fetch(
        """SELECT due_at, coalesce(last_due_at, due_at) AS last_due_at, occurrences, code, reason
        FROM missed_occurrences WHERE import_id = $1 AND coalesce((due_at, code) < ($3::timestamptz, $4::text), true)
        ORDER BY due_at DESC, code DESC LIMIT $2""",
        import_id,
        limit,
        *(before or (None, None)),
    )
    return [MissedView.model_validate(dict(row)) for row in rows]


async def _standing_of(connection: Connection, import_id: UUID) -> Standing:
    """Return how an import's schedule stands, its row locked."""
    row = await connection.fetchrow(
        """SELECT schedule, next_run_at, retry_at, pause_from, pause_until, pause_reason FROM imports
        WHERE id = $1 AND deleted_at IS NULL FOR UPDATE""",
        import_id,
    )
    if row is None:
        raise UserError("import_not_found", "There is no such import.")
    if row["schedule"] is None:
        raise UserError("schedule_missing", "The import has no schedule.")
    return Standing(schedule_from_json(row["schedule"]), pause_from_row(row), row["next_run_at"], row["retry_at"])
