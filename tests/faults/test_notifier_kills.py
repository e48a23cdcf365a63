"""Kill -9 of the notifier while it notes and sends: every mail arrives, and what comes again is the very same."""

import base64
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import aiokafka
import asyncpg
import httpx
import pytest

from services.cli.embedded.broker import EmbeddedBroker
from shared.events.mail_rules import MailRule
from shared.ids import new_id
from shared.kafka.topic_admin import create_topics
from shared.topics import IMPORT_FINISHED
from tests.support.faulty_smtp import FaultySmtp, serving
from tests.support.migrated_postgres import migrated_postgres
from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerProcess
from tests.support.waiting import until
from tests.unit.services.notifier.finished import ENDED, finished

ROUNDS = 20
MAILS = 40
TOLD_DAILY = 10
"""Imports whose failures are told once and then once a day, each with two more of them in each round."""
START, DEADLINE = 60, 120
kafka: Any = aiokafka


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with migrated_postgres() as running:
        yield running


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[str]:
    running = EmbeddedBroker(tmp_path / "broker.log")
    try:
        address = await running.start()
        await create_topics(address, partitions=3)
        yield address
    finally:
        await running.stop()


def notifier(folder: Path, broker: str, dsn: str, smtp_url: str, port: int) -> ServerProcess:
    environment = {
        "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": broker,
        "CONTACTS_SYNC_KAFKA__EMBEDDED": "true",
        "CONTACTS_SYNC_POSTGRES__DSN": dsn,
        "CONTACTS_SYNC_NOTIFIER__SMTP_URL": smtp_url,
        "CONTACTS_SYNC_HEALTH__PORT": str(port),
        "CONTACTS_SYNC_OBJECTS__URL": f"file://{folder}/objects",
        "CONTACTS_SYNC_SECRETS__KEYS": f'["{base64.b64encode(bytes(32)).decode()}"]',
    }
    arguments = ["run", "notifier"]
    log = folder / "notifier.log"
    return ServerProcess.of_module("notifier", "services.cli.main", arguments, log=log, environment=environment)


async def failed_runs(db: asyncpg.Connection, count: int, **changes: Any) -> list[tuple[str, bytes]]:
    """Return keys and bodies of events about runs of one import that are in the database."""
    manager_id, import_id = new_id(), new_id()
    await db.execute("INSERT INTO managers (id, name, created_at) VALUES ($1, $2, $3)", manager_id, "Staff", ENDED)
    await db.execute(
        "INSERT INTO imports (id, manager_id, name, setup, created_at) VALUES ($1, $2, 'HR file', '{}', $3)",
        import_id,
        manager_id,
        ENDED,
    )
    about = {"import_id": import_id, "manager_id": manager_id} | changes
    events = [finished(run_id=new_id(), **about) for _ in range(count)]
    await db.executemany(
        """INSERT INTO runs (id, import_id, manager_id, trigger, dry_run, status, setup, setup_fingerprint, queued_at)
        VALUES ($1, $2, $3, 'schedule', false, 'failed', '{}', '', $4)""",
        [(event.run_id, import_id, manager_id, ENDED) for event in events],
    )
    return [(str(event.run_id), event.model_dump_json().encode()) for event in events]


def names_of(runs: list[tuple[str, bytes]]) -> set[str]:
    return {f"<run-{key}@contacts-sync>" for key, _ in runs}


def summaries(server: FaultySmtp) -> list[str]:
    """Return the subjects of the summaries that came, each once however often it came."""
    copies = [copies[0] for name, copies in server.taken.items() if name.startswith("<summary-")]
    return [str(message_from_bytes(copy, policy=default)["Subject"]) for copy in copies]


def has_taken(server: FaultySmtp, count: int) -> bool:
    return len(server.taken) >= count


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_when_the_notifier_is_killed(
    broker: str, dsn: str, tmp_path: Path, seed: int, *, is_long: bool
) -> None:
    choice = random.Random(seed)
    rounds = ROUNDS if is_long else ROUNDS // 10
    port = free_port()
    db = await asyncpg.connect(dsn)
    events = await failed_runs(db, rounds * MAILS)
    rule = MailRule(to=["boss@example.org"], about=["failed"], repeated="daily")
    daily = {"error_emails": [], "mails": [rule], "finished_at": datetime.now(UTC)}
    repeated = [await failed_runs(db, 2 * rounds, **daily) for _ in range(TOLD_DAILY)]
    async with (
        serving(FaultySmtp()) as server,
        kafka.AIOKafkaProducer(bootstrap_servers=broker) as producer,
        httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as health,
    ):
        process = notifier(tmp_path, broker, dsn, server.url, port)

        async def lives() -> bool:
            try:
                return (await health.get("/livez")).status_code == 200
            except httpx.TransportError:
                return False

        for number in range(rounds):
            await process.start(lives, within=START)
            said = events[number * MAILS : (number + 1) * MAILS]
            said += [run for runs in repeated for run in runs[2 * number : 2 * number + 2]]
            choice.shuffle(said)
            for key, body in said:
                await producer.send_and_wait(IMPORT_FINISHED.name, body, key=key.encode())
            wanted = len(server.taken) + choice.randrange(MAILS)
            await until(partial(has_taken, server, wanted), within=DEADLINE, what="a moment to kill")
            process.kill()

        async def all_noted() -> bool:
            noted: int = await db.fetchval("SELECT count(*) FROM outgoing_mails")
            return noted == rounds * (MAILS + 2 * TOLD_DAILY)

        async def none_waits() -> bool:
            waiting = "SELECT EXISTS (SELECT FROM outgoing_mails WHERE next_try_at IS NOT NULL)"
            return not await db.fetchval(waiting)

        await process.start(lives, within=START)
        await until(all_noted, within=DEADLINE, what="all runs are noted")
        process.kill()
        # As if it were the next day.
        await db.execute("UPDATE mail_troubles SET told_at = told_at - interval '1 day'")
        await process.start(lives, within=START)
        wanted = choice.randrange(TOLD_DAILY)
        await until(lambda: len(summaries(server)) >= wanted, within=DEADLINE, what="a moment to kill")
        process.kill()
        await process.start(lives, within=START)
        try:
            await until(lambda: len(summaries(server)) == TOLD_DAILY, within=DEADLINE, what="all summaries have come")
            await until(none_waits, within=DEADLINE, what="all are noted as sent")
        finally:
            await process.stop()
    await db.close()
    taken = set(server.taken)
    assert names_of(events) <= taken
    assert [len(names_of(runs) & taken) for runs in repeated] == [1] * TOLD_DAILY
    assert len(taken) == len(events) + 2 * TOLD_DAILY
    assert [f"{2 * rounds - 1} more runs failed" in subject for subject in summaries(server)] == [True] * TOLD_DAILY
    assert [name for name, copies in server.taken.items() if len(set(copies)) > 1] == []
    assert server.count <= len(taken) + (rounds + 2) * 4, "one for each connection that was killed"
