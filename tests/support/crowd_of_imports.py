"""Many small imports from a web server, due in the same second, through a whole running system."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import psutil

from shared.postgres.database import set_up_connection
from shared.rules.recurrence import Schedule
from tests.support.http_server import HttpServer
from tests.support.imports import csv_of
from tests.support.scheduled_imports import add_imports, add_managers
from tests.support.stack import SERVICES, Stack
from tests.support.waiting import until

ROWS = 100
_LEAD = timedelta(seconds=2)
_PRESSED = (0.05, 0.25, 0.5)
"""When "Import now" is pressed: so many of the crowd have ended."""

_PHASES = """
SELECT avg(extract(epoch FROM started_at - due_at))::float8 AS "queued",
    avg(extract(epoch FROM coalesce(taken_up_at, s.staging) - started_at))::float8 AS "waiting for a fetcher",
    avg(extract(epoch FROM s.staging - coalesce(taken_up_at, s.staging)))::float8 AS "fetching",
    avg(extract(epoch FROM s.planning - s.staging))::float8 AS "parsing and staging",
    avg(extract(epoch FROM coalesce(s.applying, finished_at) - s.planning))::float8 AS "planning",
    avg(extract(epoch FROM finished_at - s.applying))::float8 AS "applying"
FROM runs JOIN LATERAL (
    SELECT min(started_at) FILTER (WHERE step = 'staging') AS staging,
        min(started_at) FILTER (WHERE step = 'planning') AS planning,
        min(started_at) FILTER (WHERE step = 'applying') AS applying FROM run_steps WHERE run_id = runs.id) s ON true
WHERE trigger = 'schedule' AND due_at = $1
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a crowd; seconds are counted from the due moment."""

    seconds: float
    """To the end of the last run."""
    statuses: dict[str, int]
    runs: int
    contacts: int
    attempts: int
    """The most that a run took."""
    now_started: float
    """From "Import now", in the middle, for a manager outside the crowd, until a fetcher had taken it up."""
    longest_start: float
    """The same, the longest of those pressed meanwhile."""
    now_ended: float
    phases: dict[str, float]
    """Average seconds of a run in each phase; they overlap between runs."""
    processor: dict[str, float]
    """Processor seconds of each service, the database and the embedded broker, meanwhile."""


async def run_crowd(stack: Stack, server: HttpServer, *, imports: int, managers: int, within: float) -> Outcome:
    """Have imports come due and press "Import now" on others meanwhile; returns when all have ended.

    It is pressed early and in the middle, for managers of the crowd and for one that has nothing to do with it.
    """
    for number in range(imports + 1):
        rows = [[f"{number}-{row}", f"Name {row}"] for row in range(ROWS)]
        (server.folder / f"people-{number}.csv").write_text(csv_of(rows, ["No", "Name"]), encoding="utf-8")
    db = await asyncpg.connect(stack.database)
    await set_up_connection(db)
    try:
        return await _measured(stack, server, db, imports=imports, managers=managers, within=within)
    finally:
        await db.close()


async def _measured(
    stack: Stack, server: HttpServer, db: asyncpg.Connection, *, imports: int, managers: int, within: float
) -> Outcome:
    ids = await add_managers(db, managers)
    (mine,) = await add_managers(db, 1)
    now = datetime.now(UTC)
    by_hand = await add_imports(
        db, [ids[0], ids[-1], mine], None, now=now, url=server.http_url(f"people-{imports}.csv"), count=len(_PRESSED)
    )
    at = datetime.now(UTC).replace(microsecond=0) + _LEAD + timedelta(seconds=imports / 500)
    schedule = Schedule(at.replace(tzinfo=None), "UTC", "FREQ=DAILY")
    url = server.http_url("people-0.csv").replace("-0.", "-{}.")
    await add_imports(db, ids, schedule, now=now, url=url, count=imports, due=at)
    before = _processor(stack)

    async def ended() -> int:
        count = "SELECT count(*) FROM runs WHERE trigger = 'schedule' AND due_at = $1 AND finished_at IS NOT NULL"
        return int(await db.fetchval(count, at))

    async def all_of_them() -> bool:
        return await ended() == imports

    pressed = []
    for share, import_id in zip(_PRESSED, by_hand, strict=True):

        async def so_many(share: float = share) -> bool:
            return await ended() >= imports * share

        await until(so_many, within=within, what=f"{share:.0%} of the crowd are done", every=0.1)
        pressed.append(await _import_now(stack, str(import_id)))
    await until(all_of_them, within=within, what="the whole crowd is done", every=0.2)

    async def hands_ended() -> list[asyncpg.Record] | None:
        found = await db.fetch(
            """SELECT id, queued_at, finished_at, coalesce(taken_up_at, (SELECT min(started_at) FROM run_steps
                WHERE run_id = runs.id AND step <> 'fetching'), finished_at) AS began
            FROM runs WHERE id = ANY ($1) AND finished_at IS NOT NULL""",
            pressed,
        )
        return found if len(found) == len(pressed) else None

    hands = await until(hands_ended, within=within, what="those asked for by hand are done", every=0.1)
    starts = {str(hand["id"]): (hand["began"] - hand["queued_at"]).total_seconds() for hand in hands}
    used = {name: seconds - before.get(name, 0.0) for name, seconds in _processor(stack).items()}
    rows = await db.fetch("SELECT status, attempt, finished_at FROM runs WHERE due_at = $1", at)
    statuses: dict[str, int] = defaultdict(int)
    for row in rows:
        statuses[row["status"]] += 1
    phases = await db.fetchrow(_PHASES, at)
    assert phases
    return Outcome(
        seconds=(max(row["finished_at"] for row in rows) - at).total_seconds(),
        statuses=dict(statuses),
        runs=len(rows),
        contacts=await db.fetchval(
            "SELECT count(*) FROM contacts c JOIN runs r ON r.id = c.last_run_id WHERE r.due_at = $1", at
        ),
        attempts=max(row["attempt"] for row in rows),
        now_started=starts[pressed[-1]],
        longest_start=max(starts.values()),
        now_ended=max((hand["finished_at"] - hand["queued_at"]).total_seconds() for hand in hands),
        phases={name: value for name, value in phases.items() if value is not None},
        processor=used,
    )


async def _import_now(stack: Stack, import_id: str) -> Any:
    async with stack.client() as client:
        answer = await client.post(f"/imports/{import_id}/runs", json={})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def _processor(stack: Stack) -> dict[str, float]:
    """Return the processor seconds so far, of Postgres with those of its children."""
    found: dict[str, float] = {}
    for name in (*SERVICES, "postgres", "tansu"):
        times = []
        for process in stack.processes(name):
            try:
                children = process.children() if name == "postgres" else []
                times.append(sum(process.cpu_times()[:4]) + sum(sum(child.cpu_times()[:2]) for child in children))
            except psutil.NoSuchProcess:
                continue
        if times:
            found[name] = sum(times)
    return found
