"""`topics` and `dead-letters` on a real broker."""

import json
from typing import Any

import aiokafka
import asyncpg

from shared.clock import SystemClock
from shared.events.set_up import RemoteSource
from shared.ids import new_id
from shared.kafka.topic_admin import create_topics
from shared.postgres.database import set_up_connection
from shared.store.imports import ImportDraft, create_import
from shared.store.managers import FieldView, create_manager
from shared.store.set_ups import ImportSetup, MappingLine, UniqueId
from tests.integration.cli.conftest import DSN, KAFKA, Command

producers: Any = aiokafka


async def say(kafka: str, topic: str, body: bytes, code: str) -> None:
    headers = [("dlq_code", code.encode()), ("dlq_service", b"parser"), ("dlq_at", b"2026-01-02T03:04:05+00:00")]
    async with producers.AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, body, key=b"the key", headers=[*headers, ("ce_id", b"1")])


async def first_of(kafka: str, topic: str) -> Any:
    consumer = producers.AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    async with consumer:
        return await consumer.getone()


async def new_import(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    await set_up_connection(connection)
    try:
        now = SystemClock().now()
        manager_id = await create_manager(connection, "People", [FieldView(name="No")], now=now)
        source = RemoteSource(url="http://127.0.0.1:1/people.csv")
        setup = ImportSetup(source=source, mapping=[MappingLine(column="No", field=1)], unique_id=UniqueId(field=1))
        draft = ImportDraft(new_id(), manager_id, "people.csv", setup, None, None, None)
        return str(await create_import(connection, draft, now=now))
    finally:
        await connection.close()


async def test_missing_topics_are_found_and_made(command: Command, kafka: str) -> None:
    before = await command("topics", "--compare", **{KAFKA: kafka})
    assert before.status == 1
    assert "chunk.ready.dlq is missing" in before.out
    made = await command("topics", **{KAFKA: kafka})
    assert made.status == 0
    assert "created chunk.ready.dlq" in made.out
    after = await command("topics", "--compare", **{KAFKA: kafka})
    assert (after.status, after.out) == (0, "All topics are there, as they are needed.\n")
    more = await command("topics", "--compare", CONTACTS_SYNC_KAFKA__PARTITIONS="7", **{KAFKA: kafka})
    assert more.status == 1
    assert "chunk.ready has 6 of 7 partitions" in more.out


async def test_dead_letters_are_listed_and_shown_without_secrets(command: Command, kafka: str) -> None:
    assert (await command("dead-letters", "list", **{KAFKA: kafka})).out == ""
    await create_topics(kafka)
    body = {"source": {"url": "http://host/f", "secrets": "canary"}}
    await say(kafka, "import.requested.dlq", json.dumps(body).encode(), "seal_broken")
    await say(kafka, "chunk.ready.dlq", b"\xff", "event_invalid")
    await say(kafka, "chunk.ready.dlq", b"{}", "event_invalid")
    listed = await command("dead-letters", "list", **{KAFKA: kafka})
    assert [line.split("\t") for line in listed.out.splitlines()] == [
        [topic, "0", offset, code, "parser", "2026-01-02T03:04:05+00:00"]
        for topic, offset, code in (
            ("chunk.ready", "0", "event_invalid"),
            ("chunk.ready", "1", "event_invalid"),
            ("import.requested", "0", "seal_broken"),
        )
    ]
    shown = await command("dead-letters", "show", "import.requested", "0", "0", **{KAFKA: kafka})
    assert "key: the key" in shown.out
    assert "dlq_code: seal_broken" in shown.out
    assert "http://host/f" in shown.out
    assert "canary" not in shown.out
    nothing = await command("dead-letters", "show", "import.requested", "0", "1", **{KAFKA: kafka})
    assert (nothing.status, "(dead_letter_not_found)" in nothing.err) == (2, True)


async def test_replaying_a_fact_says_it_again(command: Command, kafka: str) -> None:
    await create_topics(kafka)
    await say(kafka, "import.finished.dlq", b'{"status": "failed"}', "handler_failed")
    replayed = await command("dead-letters", "replay", "import.finished", "0", "0", **{KAFKA: kafka})
    assert (replayed.status, replayed.out) == (0, "Said again on import.finished.\n")
    record = await first_of(kafka, "import.finished")
    assert (record.key, record.value) == (b"the key", b'{"status": "failed"}')
    names = {name for name, _ in record.headers}
    assert "ce_id" in names
    assert not any(name.startswith("dlq_") for name in names)


async def test_replaying_a_runs_record_queues_a_new_run(command: Command, kafka: str, database: str) -> None:
    await create_topics(kafka)
    import_id = await new_import(database)
    body = {"run_id": str(new_id()), "import_id": import_id, "attempt": 1}
    await say(kafka, "chunk.ready.dlq", json.dumps(body).encode(), "seal_broken")
    replay = ("dead-letters", "replay", "chunk.ready.dlq", "0", "0")
    first = await command(*replay, **{KAFKA: kafka, DSN: database})
    assert first.status == 0, first.err
    connection = await asyncpg.connect(database)
    try:
        run = await connection.fetchrow("SELECT id, import_id, trigger, status FROM runs")
    finally:
        await connection.close()
    assert run is not None
    assert first.out == f"Queued run {run['id']}.\n"
    assert (str(run["import_id"]), run["trigger"], run["status"]) == (import_id, "now", "queued")
    second = await command(*replay, **{KAFKA: kafka, DSN: database})
    assert (second.status, "(run_active)" in second.err) == (2, True)
