"""100,000 schedules, 10,000 of them due in one second, two schedulers, one killed on the way; and an idle scheduler.

Only database, broker and schedulers run: this is about who starts runs, not about what runs do. Exits 1 where what must
hold does not. `STORED` and `DUE` set the sizes.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.rules.recurrence import Schedule, next_occurrence
from shared.store.schedules import schedule_from_json, schedule_to_json
from tests.support.due_crowd import DueCrowd, share_of_a_core
from tests.support.kafka_server import KafkaServer, java_and_maven_missing

STORED = int(os.environ.get("STORED", "100000"))
DUE = int(os.environ.get("DUE", "10000"))
MANAGERS = 1_000
MOST_SECONDS = 5.0
MOST_IDLE = 0.01
IDLE_SECONDS = 30
MOST_MILLISECONDS = 2.0
RULES = (
    *(None, "FREQ=DAILY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
    *("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;COUNT=1000"),
    *(
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA",
        "FREQ=YEARLY;BYYEARDAY=366",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=HOURLY;COUNT=1000",
    ),
    *("FREQ=MINUTELY;INTERVAL=15;BYHOUR=9,10;BYDAY=MO", "FREQ=HOURLY;BYMINUTE=0,30;BYYEARDAY=366;BYDAY=SU"),
)


def slowest_rule() -> tuple[str | None, float]:
    """Return the rule whose next due time takes longest, read from its stored form and never asked before; with ms."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    worst: tuple[str | None, float] = (None, 0.0)
    for number, rule in enumerate(RULES):
        times = []
        for start in range(20):  # each a schedule of its own, so that nothing of it is known before
            begin = datetime(1901, 1, 1, 2, 30) + timedelta(days=number * 50 + start)  # noqa: DTZ001 - wall clock
            stored = schedule_to_json(Schedule(begin, "Europe/Berlin", rule))
            began = time.perf_counter()
            next_occurrence(schedule_from_json(stored), now)
            times.append(time.perf_counter() - began)
        worst = max(worst, (rule, 1000 * statistics.median(times)), key=lambda each: each[1])
    return worst


async def crowd(folder: Path, kafka: str | None) -> bool:
    """Measure on one broker and print two lines; tells whether all holds."""
    due = DueCrowd(folder, kafka)
    async with due.running(stored=STORED, due=DUE, managers=MANAGERS) as db:
        one, _ = await due.scheduler(), await due.scheduler()
        await asyncio.sleep(5)
        idle = await share_of_a_core(one, IDLE_SECONDS)
        outcome = await due.come_due(db, kill=one, within=60)
    whole = outcome.imports_with_a_run == outcome.runs == outcome.runs_asked_for == outcome.events == DUE
    holds = whole and outcome.said_seconds <= MOST_SECONDS and idle < MOST_IDLE
    name = "Apache Kafka" if kafka else "embedded"
    print(
        f"{name}: {STORED:,} schedules, {DUE:,} due in one second, one of two schedulers killed: all queued after "
        f"{outcome.queued_seconds:.1f} s, asked for after {outcome.asked_seconds:.1f} s, told by the broker after "
        f"{outcome.said_seconds:.1f} s (must {MOST_SECONDS:.0f}); {outcome.runs:,} runs, {outcome.records:,} records "
        f"of {outcome.events:,} events; idle scheduler {idle:.2%} of a core (must be under {MOST_IDLE:.0%}): "
        f"{'holds' if holds else 'MISSED'}",
        flush=True,
    )
    return holds


async def main() -> int:
    """Print a line for rules, and one for each broker."""
    rule, milliseconds = slowest_rule()
    holds = milliseconds <= MOST_MILLISECONDS
    print(f"next due time, slowest of {len(RULES)} rules: {milliseconds:.2f} ms, {rule} (must {MOST_MILLISECONDS:.0f})")
    with tempfile.TemporaryDirectory(prefix="contacts-sync-bench-") as name:
        folder = Path(name)
        os.chmod(name, 0o755)  # noqa: PTH101, S103 - Postgres runs as another user
        holds &= await crowd(folder / "embedded", None)
        if missing := java_and_maven_missing():
            print(f"Apache Kafka: not measured: {missing}")
        else:
            async with KafkaServer(folder / "kafka") as kafka:
                holds &= await crowd(folder / "real", kafka.bootstrap_servers)
    return int(not holds)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
