"""Very many schedules, of which a crowd is due in the same second; schedulers as processes, one of which dies."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaConsumer

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.postgres import EmbeddedPostgres
from shared.kafka.topic_admin import create_topics
from shared.postgres.database import set_up_connection
from shared.postgres.migrate import migrate
from shared.rules.recurrence import Schedule
from shared.topics import IMPORT_REQUESTED
from tests.support.ports import LOOPBACK, free_port
from tests.support.scheduled_imports import add_history, add_imports, add_managers
from tests.support.server_process import ServerProcess
from tests.support.waiting import until

_CONSUMER: Any = AIOKafkaConsumer  # aiokafka has no types
_LEAD = timedelta(seconds=3)
_START_SECONDS = 120
_IMPORTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Outcome:
    """What became of a crowd: seconds from the due moment to the last of its runs, and counts."""

    queued_seconds: float
    asked_seconds: float
    """Until every run was asked for, in the database."""
    said_seconds: float
    """Until the broker had told of every run."""
    imports_with_a_run: int
    runs: int
    runs_asked_for: int
    records: int
    """Records of `import.requested`, repeated ones too."""
    events: int
    """Distinct event ids among them."""


class DueCrowd:
    """A database with many schedules, a broker, and schedulers on both."""

    def __init__(self, folder: Path, kafka: str | None = None) -> None:
        self._folder = folder
        self._given_kafka = kafka
        self._kafka = kafka or ""
        self._dsn = ""
        self._started: list[ServerProcess] = []
        self._crowd: list[UUID] = []

    @asynccontextmanager
    async def running(
        self, *, stored: int, due: int, managers: int, past_runs: int = 0
    ) -> AsyncIterator[asyncpg.Connection]:
        """Run database and broker, with so many schedules stored, of which so many can be made due.

        These have so many `past_runs` each.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o755)  # Postgres runs as another user where the tests run as root
        postgres = EmbeddedPostgres(self._folder / "postgres", self._folder / "postgres.log")
        broker = EmbeddedBroker(self._folder / "broker.log")
        try:
            self._dsn = await postgres.start()
            self._kafka = self._given_kafka or await broker.start()
            await create_topics(self._kafka)
            await migrate(self._dsn)
            db = await asyncpg.connect(self._dsn)
            await set_up_connection(db)
            now = datetime.now(UTC)
            schedule = Schedule((now + timedelta(hours=7)).replace(tzinfo=None, microsecond=0), "UTC", "FREQ=DAILY")
            made = await add_imports(
                db,
                await add_managers(db, managers),
                schedule,
                now=now,
                url="http://files.example/people-{}.csv",
                count=stored,
            )
            self._crowd = made[-due:]
            if past_runs:
                for first in range(0, due, _IMPORTS_AT_ONCE):
                    await add_history(db, self._crowd[first : first + _IMPORTS_AT_ONCE], runs=past_runs, now=now)
            await db.execute("VACUUM ANALYZE")
            try:
                yield db
            finally:
                await db.close()
        finally:
            for process in self._started:
                process.kill()
            await postgres.stop()
            if not self._given_kafka:
                await broker.stop()

    async def scheduler(self) -> ServerProcess:
        """Start one more scheduler; returns when it is ready."""
        port = free_port()
        key = base64.b64encode(bytes(32)).decode()
        process = ServerProcess.of_module(
            "scheduler",
            "services.cli.main",
            ["run", "scheduler"],
            log=self._folder / f"scheduler-{len(self._started)}.log",
            environment={
                "CONTACTS_SYNC_POSTGRES__DSN": self._dsn,
                "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": self._kafka,
                "CONTACTS_SYNC_KAFKA__EMBEDDED": str(not self._given_kafka).lower(),
                "CONTACTS_SYNC_SECRETS__KEYS": f'["{key}"]',
                "CONTACTS_SYNC_HEALTH__PORT": str(port),
            },
        )
        self._started.append(process)

        async def ready() -> bool:
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"http://{LOOPBACK}:{port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await process.start(ready, within=_START_SECONDS)
        return process

    async def come_due(self, db: asyncpg.Connection, *, kill: ServerProcess | None, within: float) -> Outcome:
        """Make the crowd due in one second; kill a scheduler when a third of it is queued."""
        consumer: Any = _CONSUMER(
            IMPORT_REQUESTED.name, bootstrap_servers=self._kafka, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        at = datetime.now(UTC) + _LEAD
        await db.execute("UPDATE imports SET next_run_at = $1 WHERE id = ANY ($2)", at, self._crowd)
        runs: set[bytes] = set()
        events: set[bytes] = set()
        records = 0
        last = at

        async def watch() -> bool:
            nonlocal records, last
            for batch in (await consumer.getmany(timeout_ms=50)).values():
                records += len(batch)
                for record in batch:
                    events.update(value for name, value in record.headers if name == "ce_id")
                    if record.key not in runs:
                        runs.add(record.key)
                        last = datetime.now(UTC)
            return len(runs) == len(self._crowd)

        killing = asyncio.create_task(self._kill(kill)) if kill else None
        try:
            await until(watch, within=within + _LEAD.total_seconds(), what="every run is asked for", every=0.0)
            for _ in range(5):  # what comes twice comes soon after
                await watch()
        finally:
            await consumer.stop()
            if killing:
                await killing
        row = await db.fetchrow(
            """SELECT max(queued_at) AS queued, max(started_at) AS asked, count(*) AS runs,
            count(DISTINCT import_id) AS imports FROM runs WHERE queued_at >= $1""",
            at - _LEAD,
        )
        assert row
        return Outcome(
            queued_seconds=(row["queued"] - at).total_seconds(),
            asked_seconds=(row["asked"] - at).total_seconds(),
            said_seconds=(last - at).total_seconds(),
            imports_with_a_run=row["imports"],
            runs=row["runs"],
            runs_asked_for=len(runs),
            records=records,
            events=len(events),
        )

    async def _kill(self, process: ServerProcess) -> None:
        db = await asyncpg.connect(self._dsn)
        try:
            enough = "SELECT count(*) > $1 FROM runs WHERE queued_at > $2"
            began = datetime.now(UTC)

            async def a_third() -> bool:
                return bool(await db.fetchval(enough, len(self._crowd) // 3, began))

            await until(a_third, within=120, what="a third of the crowd is queued", every=0.01)
            process.kill()
        finally:
            await db.close()


async def share_of_a_core(process: ServerProcess, seconds: float) -> float:
    """Return how much of a core a process uses, with its children, over so many seconds."""

    def used() -> float:
        found = psutil.Process(process.pid)
        return sum(sum(each.cpu_times()[:2]) for each in [found, *found.children(recursive=True)])

    before, began = used(), time.perf_counter()
    await asyncio.sleep(seconds)
    return (used() - before) / (time.perf_counter() - began)
