"""How fast `contacts.changed` is said after a first load, beside a bare producer, and what a run feels of it.

A first load of one manager has its changes said; then two more are loaded, while nothing is said, and while the changes
of the first are said once more, when the feed gives way. Exits 1 where something misses what must hold.
`ROWS`, `ROUNDS`.
"""

import asyncio
import os
import statistics
import sys
import time
from typing import Any, Final

from benchmarks.large_import import Bench, all_said, begin_import, ready_bench, run, serve, settle, unsaid
from benchmarks.machine import machine
from shared.kafka.bulk_publisher import BulkPublisher
from shared.settings import KafkaSettings
from shared.topics import CONTACTS_CHANGED
from tests.support.imports import Importing

ROWS = int(os.environ.get("ROWS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
MUST: Final = 30_000
"""Changes a second, at least, as the median."""
MUST_SLOW: Final = 1.1
"""How many times as long a run may take while changes are said."""
MOST_PEAK: Final = 256 << 20
_PAGE: Final = 2_000


async def bare_rate(bench: Bench) -> float:
    """Return how many records like these a second the same producer says that have been made before."""
    fields = {"given name": "Maximiliane", "e-mail": "somebody@example.com", "town": "Reykjavik", "note": "x" * 120}
    body = str(fields).encode()
    headers = [(name, b"x" * 30) for name in ("ce_id", "ce_time", "ce_type", "ce_source")]
    settings = KafkaSettings(bootstrap_servers=bench.stack.kafka, embedded=bench.stack.embedded_broker)
    count = min(ROWS, 200_000)
    async with BulkPublisher(settings, "benchmark") as publisher:
        began = time.perf_counter()
        for first in range(0, count, _PAGE):
            records: list[Any] = [(f"{number}".encode(), body, headers) for number in range(first, first + _PAGE)]
            await publisher.publish(CONTACTS_CHANGED, records)
        return count / (time.perf_counter() - began)


async def load(bench: Bench) -> tuple[Importing, float]:
    """Load the file into a manager of its own; returns the seconds from the stored file to the commit."""
    importing = await begin_import(bench)
    stored, _, view = await run(bench, importing)
    if view["status"] != "succeeded":
        raise RuntimeError(f"{view['status']}, {view['error']}")
    return importing, stored


async def beside(bench: Bench, importing: Importing) -> tuple[Importing, float, float]:
    """Load the file while a manager's changes are said once more; also returns how many a second were."""
    replay = f"/managers/{importing.manager_id}/replay-changes"
    (await bench.client.post(replay, json={"from_number": 1})).raise_for_status()
    began = time.perf_counter()
    other, took = await load(bench)
    left = await unsaid(bench, importing)
    rate = (ROWS - left) / (time.perf_counter() - began)
    await all_said(bench, importing)
    return other, took, rate


async def one_round(bench: Bench, number: int) -> tuple[float, float]:
    """Return how many changes are said a second, and how many times as long a run takes beside.

    The run beside comes first in every other round, so that a machine that gets slower meanwhile shows in neither.
    """
    importing, _ = await load(bench)
    began = time.perf_counter()
    await all_said(bench, importing)
    rate = ROWS / (time.perf_counter() - began)
    bare = await bare_rate(bench)
    took: dict[bool, float] = {}
    loaded = [importing]
    for is_beside in (False, True) if number % 2 else (True, False):
        await settle(bench, loaded[-1])
        if is_beside:
            other, took[True], rate_beside = await beside(bench, importing)
        else:
            other, took[False] = await load(bench)
        loaded.append(other)
    for each in loaded:
        await all_said(bench, each)
        await bench.client.delete(f"/imports/{each.import_id}")
        (await bench.client.delete(f"/managers/{each.manager_id}")).raise_for_status()
    print(
        f"{rate:,.0f} changes a second, {rate / bare:.2f} x a bare producer's {bare:,.0f}; a first load "
        f"{took[False]:.2f} s alone, {took[True]:.2f} s beside {rate_beside:,.0f} changes a second "
        f"({took[True] / took[False]:.2f} x)",
        flush=True,
    )
    return rate, took[True] / took[False]


async def main() -> int:
    """Print the medians."""
    async with ready_bench(ROWS) as bench:
        serve(bench, "day0")
        print(await machine(bench.database), flush=True)
        rounds = [await one_round(bench, number) for number in range(ROUNDS)]
    rate, slower = (statistics.median(figures[place] for figures in rounds) for place in (0, 1))
    peak = max(bench.peaks)
    print(f"{ROWS:,} changes, medians of {ROUNDS}: {rate:,.0f} a second (must {MUST:,})")
    print(f"a run beside takes {slower:.2f} x (must {MUST_SLOW}); syncer's peak {peak >> 20} MiB")
    return int(rate < MUST or slower > MUST_SLOW or peak > MOST_PEAK)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
