"""A large import with all services, for measuring beside it: its files on a server, its runs, and who looks on."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import stamina
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from benchmarks.people import COLUMNS, write_people
from services.cli.embedded.postgres_cluster import SUPERUSER
from shared.events.files import ChunkReady
from shared.topics import CHUNK_READY
from tests.support.http_server import HttpServer
from tests.support.imports import Importing
from tests.support.memory import peak_of_service
from tests.support.page_tour import signed_in
from tests.support.stack import Stack
from tests.support.waiting import until

_ASKS_EVERY = 0.1
_MOST_SECONDS = 900


@dataclass(frozen=True)
class Bench:
    """What is running for one number of rows."""

    rows: int
    files: dict[str, Path]
    stack: Stack
    server: HttpServer
    client: httpx.AsyncClient
    browser: httpx.AsyncClient
    database: "asyncpg.Connection[asyncpg.Record]"
    answers: dict[str, list[float]] = field(default_factory=lambda: {"API": [], "pages": []})
    """How long each took, in seconds, each time it was asked while a run was under way."""
    peaks: list[int] = field(default_factory=list)
    """What the syncer held at most until each run's end, in bytes; it is started anew with the broker."""


@asynccontextmanager
async def ready_bench(rows: int) -> AsyncIterator[Bench]:
    """Give all services, and the files of a number of rows on a server."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {day: folder / f"{day}.csv" for day in ("day0", "day1")}
        for day, path in files.items():
            write_people(path, rows, next_day=day == "day1")
        await asyncio.to_thread(folder.chmod, 0o755)
        running = await stack.enter_async_context(Stack(folder / "data"))
        server = await stack.enter_async_context(HttpServer(folder / "served"))
        client = await stack.enter_async_context(running.client())
        browser = await stack.enter_async_context(signed_in(running))
        client.timeout = browser.timeout = httpx.Timeout(120)
        database = await connect_as_superuser(running)
        yield Bench(rows, files, running, server, client, browser, database)
        await database.close()


async def connect_as_superuser(stack: Stack) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection that may ask for a checkpoint; close it."""
    password = (stack.data / "postgres" / "superuser_password").read_text(encoding="utf-8").strip()
    return await asyncpg.connect(stack.database, user=SUPERUSER, password=password)


def serve(bench: Bench, day: str) -> None:
    """Let the server have a day's file in place of the one before."""
    served = bench.server.folder / "people.csv"
    served.unlink(missing_ok=True)
    os.link(bench.files[day], served)


async def begin_import(bench: Bench) -> Importing:
    """Return an import of all columns into a manager of its own, none of whose fields refuses anything."""
    fields = [{"name": name, "kind": "text"} for name in COLUMNS]
    manager = await bench.client.post("/managers", json={"name": "People", "fields": fields})
    manager.raise_for_status()
    body = {
        "name": "Everybody",
        "manager_id": manager.json()["id"],
        "source": {"kind": "remote", "url": bench.server.http_url("people.csv")},
        "options": {"delete_missing": True, "every_time": True},
        "mapping": [{"column": name, "field": name} for name in COLUMNS],
        "unique_id": {"field": COLUMNS[0]},
    }
    created = await bench.client.post("/imports", json=body)
    created.raise_for_status()
    return Importing(bench.client, manager.json()["id"], created.json()["id"])


async def unsaid(bench: Bench, importing: Importing) -> int:
    """Return how many changes of a manager have not been said yet."""
    left: int = await bench.database.fetchval(
        """SELECT m.change_number - coalesce((SELECT said_number FROM change_feeds WHERE manager_id = m.id), 0)
        FROM managers m WHERE id = $1""",
        importing.manager_id,
    )
    return left


async def all_said(bench: Bench, importing: Importing) -> None:
    """Wait until all changes of a manager have been said."""

    async def none_left() -> bool:
        return await unsaid(bench, importing) == 0

    await until(none_left, within=_MOST_SECONDS, what="all changes are said", every=0.02)


async def settle(bench: Bench, importing: Importing) -> None:
    """Wait until all changes have been said, and give what comes next tables in order."""
    await all_said(bench, importing)
    for statement in ("VACUUM ANALYZE contacts", "CHECKPOINT"):
        await bench.database.execute(statement)


async def run(bench: Bench, importing: Importing, *, looked_on: bool = False) -> tuple[float, float, dict[str, Any]]:
    """Run the import; returns the seconds from the stored file to the commit, those from the request, and the run."""
    asked = time.perf_counter()
    answer = await bench.client.post(f"/imports/{importing.import_id}/runs", json={})
    answer.raise_for_status()
    run_id = answer.json()["id"]

    async def ended_at() -> object:
        return await bench.database.fetchval("SELECT finished_at FROM runs WHERE id = $1", run_id)

    storing = asyncio.create_task(stored_at(bench, run_id))
    helpers: list[asyncio.Task[Any]] = [storing]
    if looked_on:
        helpers.append(asyncio.create_task(keep_reading(bench, importing, run_id)))
    try:
        await until(ended_at, within=_MOST_SECONDS, what="the run ends", every=0.01)
        took, ended = time.perf_counter() - asked, datetime.now(UTC)
        bench.peaks.append(peak_of_service(bench.stack, "syncer"))
        view = (await bench.client.get(f"/runs/{run_id}")).json()
        stored = (
            took if view["status"] == "unchanged" else (ended - await asyncio.wait_for(storing, 10)).total_seconds()
        )
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    return stored, took, view


async def stored_at(bench: Bench, run_id: str) -> datetime:
    """Return when the first chunk of the run's file was said, which is when the file had been stored.

    The embedded broker may just be starting anew, which it does between runs when it holds much.
    """
    make_consumer: Any = AIOKafkaConsumer
    consumer = make_consumer(CHUNK_READY.name, bootstrap_servers=bench.stack.kafka, auto_offset_reset="earliest")
    async for attempt in stamina.retry_context(on=KafkaError, attempts=None, wait_max=0.5, timeout=60):
        with attempt:
            await consumer.start()
    try:
        async for record in consumer:
            said = ChunkReady.model_validate_json(record.value)
            if str(said.run_id) == run_id:
                return said.occurred_at
    finally:
        await consumer.stop()
    raise RuntimeError("the consumer has ended")


async def keep_reading(bench: Bench, importing: Importing, run_id: str) -> None:
    """Ask for the run, and for a page of the contacts, as somebody does who looks on."""
    manager = f"/managers/{importing.manager_id}"
    asks = (
        ("API", bench.client, f"/runs/{run_id}"),
        ("pages", bench.browser, f"/runs/{run_id}"),
        ("API", bench.client, f"{manager}/contacts?limit=50"),
        ("pages", bench.browser, manager),
    )
    for what, client, path in cycle(asks):
        began = time.perf_counter()
        (await client.get(path)).raise_for_status()
        bench.answers[what].append(time.perf_counter() - began)
        await asyncio.sleep(_ASKS_EVERY)
