"""How fast chunks become batches, beside a bare `csv.reader` loop over the same file in the same minute.

One parser, and two processes that share the chunks as the partitions of a topic deal them: from the store, decrypted,
mapped, checked, packed and written out as events; the producer alone is left out. Exits 1 where a median ratio misses
what must hold. How long the same takes through a broker is told beside it. `ROWS` sets the size.
"""

import asyncio
import csv
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from benchmarks.parse_through_broker import through_broker
from services.fetcher.adapters.text_store import TextStore
from services.parser.chunk_reader import ChunkReader
from services.parser.handlers import ParserHandlers
from services.parser.preview_reader import PreviewReader
from shared.clock import SystemClock
from shared.events.base import Event
from shared.events.files import ChunkReady
from shared.events.rows import RowsParsed
from shared.events.set_up import ParsedColumn, ParseRules
from shared.ids import new_id
from shared.objects.store import SealedObjects
from shared.rules.kinds import Kind
from shared.sealing import Sealer
from shared.settings import KafkaSettings, ObjectSettings
from shared.topics import Topic

ROWS = int(os.environ.get("ROWS", "1000000"))
ROUNDS = 9
MOST_OF_CSV = 2.0
LEAST_BY_TWO = 1.7
COLUMNS = ["No", "E-mail", "First", "Last", "Phone", "Company"]
COLUMNS += ["Street", "Town", "Code", "Country", "Note", "Changed"]
KINDS = {"E-mail": Kind.EMAIL, "Phone": Kind.PHONE, "Code": Kind.NUMBER, "Changed": Kind.DATE}
RULES = ParseRules(
    manager_id=new_id(),
    columns=[
        ParsedColumn(column=name, field=number, kind=KINDS.get(name, Kind.TEXT))
        for number, name in enumerate(COLUMNS, start=1)
        if number > 1
    ],
    key_field=1,
    key_column="No",
)
PARTITIONS = KafkaSettings().partitions
KEY = bytes(32)
CHUNKS = TypeAdapter(list[ChunkReady])
WORKER_READY, BEGIN = b"ready\n", b"begin\n"


class NullPublisher:
    """Writes events out as bytes, and counts them."""

    def __init__(self) -> None:
        self.good = self.rejected = self.bytes = 0

    async def publish(self, topic: Topic, event: Event, *, key: str) -> None:
        """Take one event; what a parser says so is not of interest here."""

    async def publish_all(
        self,
        topic: Topic,  # noqa: ARG002 - the port's signature
        events: AsyncIterable[tuple[str, Event]],
    ) -> int:
        """Take events as they come."""
        said = 0
        async for _, event in events:
            self.bytes += len(event.as_body())
            said += 1
            if isinstance(event, RowsParsed):
                self.good += event.good
                self.rejected += len(event.rejected)
        return said


def write_file(path: Path) -> None:
    """Write people: UTF-8, quotes, one note in twenty of two lines, one address in 500 that is none."""
    towns = ["Zürich", "Kraków", "São Paulo", "東京", "Malmö", "Lyon"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number in range(ROWS):
            scattered = number * 2654435761 % 2**32
            note = ["", "call after five", 'said "no thanks"', "VIP, with care"][scattered % 4]
            writer.writerow(
                [
                    f"C{scattered:010d}",
                    f"anna.müller{number}@example.com" if number % 500 else f"nobody {number}",
                    "Anna",
                    f"Müller-{scattered % 9999}",
                    f"+49 30 {scattered % 9_000_000 + 1_000_000}",
                    "Acme, Inc.",
                    f"{scattered % 399 + 1} Rue de l'Église",
                    towns[scattered % 6],
                    f"{scattered % 90_000 + 10_000}",
                    "DE",
                    f"{note}\nsecond line" if not number % 20 else note,
                    f"2026-{scattered % 12 + 1:02}-{scattered % 28 + 1:02}",
                ]
            )


async def stored(path: Path, folder: Path) -> list[ChunkReady]:
    """Store the file as the fetcher does, and return what it would say."""

    async def blocks() -> AsyncIterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block

    store = TextStore(objects_in(folder), chunk_bytes=8 << 20, max_bytes=1 << 40, new_id=new_id)
    file, chunks = await store.store(blocks(), RULES, path.name)
    now = SystemClock().now()
    about: dict[str, Any] = {
        "run_id": new_id(),
        "import_id": new_id(),
        "attempt": 1,
        "occurred_at": now,
        "file": file,
        "parse": RULES,
    }
    return [ChunkReady(event_id=new_id(), chunk=chunk, **about) for chunk in chunks]


def objects_in(folder: Path) -> SealedObjects:
    """Return the store."""
    return SealedObjects.from_settings(ObjectSettings(url=f"file://{folder}/objects"), Sealer([KEY]))


async def work(folder: Path, share: int, of: int) -> None:
    """Parse every so many-th chunk, once told to begin; for a process of its own."""
    pa.set_memory_pool(pa.system_memory_pool())  # as the service does
    chunks = [
        chunk
        for chunk in CHUNKS.validate_json((folder / "chunks.json").read_bytes())
        if chunk.chunk.index % PARTITIONS * of // PARTITIONS == share
    ]
    publisher = NullPublisher()
    clock = SystemClock()
    objects = objects_in(folder)
    chunks_of, previews = ChunkReader(objects, Sealer([KEY]), clock), PreviewReader(objects, clock)
    handlers = ParserHandlers(chunks_of, previews, publisher, clock)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await handlers.on_chunk_ready(chunks[0])  # what is loaded on first use is not what is timed
    publisher.good = publisher.rejected = publisher.bytes = 0
    sys.stdout.buffer.write(WORKER_READY)
    sys.stdout.buffer.flush()
    sys.stdin.buffer.readline()
    began = time.process_time()
    for chunk in chunks:
        await handlers.on_chunk_ready(chunk)
    busy = round((time.process_time() - began) * 1e6)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle
    print(publisher.good + publisher.rejected, publisher.rejected, publisher.bytes, grown, busy, flush=True)


async def told(worker: asyncio.subprocess.Process) -> bytes:
    """Let a worker begin, and return what it tells once all its chunks are parsed."""
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("a parser has no pipes")
    worker.stdin.write(BEGIN)
    await worker.stdin.drain()
    return await worker.stdout.readline()


async def parse(folder: Path, processes: int) -> tuple[float, list[int]]:
    """Return how long so many processes take for all chunks, and their figures in all.

    Rows, rejected rows, bytes, growth of memory in KiB, time on the CPU in µs.
    """
    command = [sys.executable, "-m", "benchmarks.run_parse", str(folder)]
    pipe = asyncio.subprocess.PIPE
    workers = [
        await asyncio.create_subprocess_exec(*command, str(share), str(processes), stdin=pipe, stdout=pipe)
        for share in range(processes)
    ]
    for worker in workers:
        if worker.stdout is None or await worker.stdout.readline() != WORKER_READY:
            raise RuntimeError("a parser did not come up")
    began = time.perf_counter()
    answers = await asyncio.gather(*map(told, workers))
    took = time.perf_counter() - began
    await asyncio.gather(*(worker.wait() for worker in workers))  # how long a process takes to end is of no interest
    figures = [[int(figure) for figure in answer.split()] for answer in answers]
    return took, [sum(column) for column in zip(*figures, strict=True)]


def read_bare(path: Path) -> tuple[float, float]:
    """Return how long the bare loop takes, and how long on the CPU."""
    began, busy = time.perf_counter(), time.process_time()
    with path.open(newline="", encoding="utf-8") as file:
        rows = sum(1 for _ in csv.reader(file))
    if rows != ROWS + 1:
        raise RuntimeError(f"{rows} rows were read")
    return time.perf_counter() - began, time.process_time() - busy


async def main() -> int:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "people.csv"
        write_file(path)
        chunks = await stored(path, folder)
        (folder / "chunks.json").write_bytes(CHUNKS.dump_json(chunks))
        rounds = []
        for _ in range(ROUNDS):
            bare, bare_busy = read_bare(path)
            one, (rows, rejected, size, grown, one_busy) = await parse(folder, 1)
            two, (*_, two_busy) = await parse(folder, 2)
            if rows != ROWS:
                raise RuntimeError(f"{rows} rows came out of {ROWS}")
            rounds.append((one / bare, one / two, bare, one, two))
            print(
                f"csv {bare:.2f} s, one parser {one:.2f} s, two {two:.2f} s; "
                f"on the CPU {bare_busy:.2f}, {one_busy / 1e6:.2f}, {two_busy / 1e6:.2f} s",
                flush=True,
            )
        of_csv, by_two, bare, one, two = (statistics.median(figures) for figures in zip(*rounds, strict=True))
        print(
            f"{ROWS:,} rows, {path.stat().st_size >> 20} MiB, {rejected:,} rejected, {size >> 20} MiB said: one parser "
            f"{of_csv:.2f} of the bare loop's time (must {MOST_OF_CSV}), two {by_two:.2f} times as fast as one "
            f"(must {LEAST_BY_TWO}), peak {grown >> 10} MiB over idle\n"
            f"rows in a second: csv {ROWS / bare:,.0f}, one parser {ROWS / one:,.0f}, two {ROWS / two:,.0f}",
            flush=True,
        )
        for parsers in (1, 2):
            took = await through_broker(chunks, ROWS, folder, KEY, parsers)
            print(
                f"through the broker, {parsers} at work: {took:.2f} s, {ROWS / took:,.0f} rows in a second", flush=True
            )
        return int(of_csv > MOST_OF_CSV or by_two < LEAST_BY_TWO)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
    else:
        sys.exit(asyncio.run(main()))
