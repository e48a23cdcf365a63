"""The whole road under a crowd: 1,000 imports of 100 rows each from a web server, due in the same second.

On the embedded stack and on Apache Kafka: all applied, none twice, how many a second, and where the time goes. An
"Import now" is pressed early and in the middle, for managers of the crowd too. Exits 1 where what must hold does not.
`IMPORTS` and `MANAGERS` set the sizes.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.run_latency import running_stack
from tests.support.crowd_of_imports import ROWS, Outcome, run_crowd
from tests.support.http_server import HttpServer
from tests.support.kafka_server import java_and_maven_missing

IMPORTS = int(os.environ.get("IMPORTS", "1000"))
MANAGERS = int(os.environ.get("MANAGERS", "100"))
LEAST_A_SECOND, AIM = 15.0, 40.0
MOST_TO_START = 2.0


def report(broker: str, outcome: Outcome) -> bool:
    """Print what was measured; tells whether all holds."""
    a_second = IMPORTS / outcome.seconds
    applied = outcome.statuses == {"succeeded": IMPORTS} and outcome.contacts == IMPORTS * ROWS
    holds = applied and a_second >= LEAST_A_SECOND and outcome.longest_start <= MOST_TO_START
    print(
        f"{broker}: {IMPORTS:,} imports of {ROWS} rows for {MANAGERS} managers, due in one second: "
        f"{outcome.seconds:.1f} s, {a_second:.1f} a second (must {LEAST_A_SECOND:.0f}, aim {AIM:.0f}); "
        f"{outcome.statuses}, {outcome.runs:,} runs, at most {outcome.attempts} attempts, "
        f"{outcome.contacts:,} contacts; Import now, pressed three times meanwhile, began within "
        f"{outcome.longest_start:.2f} s (must {MOST_TO_START:.0f}) and ended within "
        f"{outcome.now_ended:.1f} s: {'holds' if holds else 'MISSED'}"
    )
    phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in outcome.phases.items())
    print(f"  seconds of a run on average: {phases}")
    used = sorted(outcome.processor.items(), key=lambda each: -each[1])
    print(f"  processor seconds meanwhile: {', '.join(f'{name} {seconds:.1f}' for name, seconds in used)}", flush=True)
    return holds


async def main() -> int:
    """Measure on each broker that there is."""
    status = 0
    with tempfile.TemporaryDirectory(prefix="contacts-sync-bench-") as name:
        folder = Path(name)
        async with HttpServer(folder / "http") as server:
            for broker in ("embedded", "kafka"):
                if broker == "kafka" and (missing := java_and_maven_missing()):
                    print(f"kafka: not measured: {missing}")
                    continue
                async with running_stack(broker, folder / broker) as stack:
                    outcome = await run_crowd(stack, server, imports=IMPORTS, managers=MANAGERS, within=600)
                status |= not report(broker, outcome)
    return int(status)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
