"""Imports with schedules, written straight into a database: many of them, as fast as a benchmark needs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.ids import new_id
from shared.rules.due import next_due, next_file_due
from shared.rules.recurrence import Schedule
from shared.store.schedules import schedule_to_json

LONG_AGO = datetime(2020, 1, 1).astimezone()


def setup_of(url: str) -> dict[str, Any]:
    """Return the stored set-up of a file on a web server with the columns No and Name."""
    return {
        "source": {"kind": "remote", "url": url},
        "options": {"error_emails": ["it@example.com"]},
        "mapping": [{"column": "No", "field": 1}, {"column": "Name", "field": 2}],
        "unique_id": {"field": 1, "generate": False},
    }


async def add_managers(db: asyncpg.Connection, count: int) -> list[UUID]:
    """Make contact managers with the fields No, the key, and Name."""
    ids = [new_id() for _ in range(count)]
    await db.execute(
        """INSERT INTO managers (id, name, key_field, created_at)
        SELECT id, 'People', 1, $2 FROM unnest($1::uuid[]) AS m (id)""",
        ids,
        LONG_AGO,
    )
    await db.execute(
        """INSERT INTO fields (manager_id, number, name, kind)
        SELECT id, f.number, f.name, 'text'
        FROM unnest($1::uuid[]) AS m (id), (VALUES (1, 'No'), (2, 'Name')) AS f (number, name)""",
        ids,
    )
    return ids


async def add_imports(
    db: asyncpg.Connection,
    manager_ids: Sequence[UUID],
    schedule: Schedule | None,
    *,
    now: datetime,
    url: str = "http://files.example/people.csv",
    count: int = 1,
    due: datetime | None = None,
) -> list[UUID]:
    """Make imports, dealt out to the managers in turn, due as the schedule says; `{}` in the URL is the number."""
    ids = [new_id() for _ in range(count)]
    stored = schedule_to_json(schedule) if schedule else None
    rows = [
        (
            import_id,
            manager_ids[number % len(manager_ids)],
            f"Import {number}",
            setup_of(url.replace("{}", str(number))),
            stored,
            due or (next_due(schedule, import_id, now) if schedule else None),
            next_file_due(schedule, now) if schedule else None,
            now,
        )
        for number, import_id in enumerate(ids)
    ]
    columns = ["id", "manager_id", "name", "setup", "schedule", "next_run_at", "file_due_at", "created_at"]
    await db.copy_records_to_table("imports", records=rows, columns=columns)
    return ids


async def add_history(db: asyncpg.Connection, import_ids: Sequence[UUID], *, runs: int, now: datetime) -> None:
    """Give imports so many past runs each, one a day, of which each third was applied."""
    await db.execute(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, attempt, setup, setup_fingerprint,
            queued_at, started_at, finished_at, applied_at, file_sha256)
        SELECT gen_random_uuid(), i.id, i.manager_id, 'schedule', false,
            CASE WHEN day % 3 = 0 THEN 'succeeded' ELSE 'unchanged' END, 1, '{}', 'old', at, at, at,
            CASE WHEN day % 3 = 0 THEN at END, md5(day::text)
        FROM imports i, generate_series(1, $2) AS day,
            LATERAL (SELECT $3::timestamptz - day * interval '1 day' AS at) AS d
        WHERE i.id = ANY ($1) ORDER BY at""",
        import_ids,
        runs,
        now,
    )
    await db.execute("ANALYZE runs")
