"""The notifier killed while it sends: nothing is lost, and what is sent again has the same id and the same words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiokafka
import httpx
import pytest

from services.cli.embedded.broker import EmbeddedBroker
from shared.ids import new_id
from shared.kafka.topic_admin import create_topics
from shared.topics import IMPORT_FINISHED
from tests.integration.notifier.webhooks.conftest import Webhooks, sealing_key
from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerDidNotStartError, ServerProcess
from tests.support.told_changes import numbers
from tests.support.waiting import until
from tests.support.webhook_receiver import Received, WebhookReceiver, answering
from tests.unit.services.notifier.finished import finished

DEADLINE = 90
KILLS = 4
CONTACTS = 250
kafka: Any = aiokafka


class Notifier:
    """The service in a process of its own."""

    def __init__(self, dsn: str, broker: str, folder: Path) -> None:
        self._port = free_port()
        environment = {
            "CONTACTS_SYNC_POSTGRES__DSN": dsn,
            "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": broker,
            "CONTACTS_SYNC_KAFKA__EMBEDDED": "true",
            "CONTACTS_SYNC_SECRETS__KEYS": f'["{sealing_key()}"]',
            "CONTACTS_SYNC_WEBHOOKS__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "CONTACTS_SYNC_WEBHOOKS__TIMEOUT_SECONDS": "1",
            "CONTACTS_SYNC_HEALTH__PORT": str(self._port),
        }
        self.process = ServerProcess.of_module(
            "notifier", "services.cli.main", ["run", "notifier"], log=folder / "notifier.log", environment=environment
        )

    async def start(self) -> None:
        await self.process.start(self._answers, within=DEADLINE)

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://{LOOPBACK}:{self._port}/livez")).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[str]:
    embedded = EmbeddedBroker(tmp_path / "broker.log")
    try:
        address = await embedded.start()
        await create_topics(address, partitions=2)
        yield address
    finally:
        await embedded.stop()


@pytest.mark.parametrize("answers_first", [False, True])
async def test_kills_between_sending_and_noting(
    webhooks: Webhooks, broker: str, tmp_path: Path, *, answers_first: bool
) -> None:
    notifier = Notifier(webhooks.dsn, broker, tmp_path)
    killed = asyncio.Event()
    kills = 0

    async def kill_as_it_comes(received: Received, writer: asyncio.StreamWriter) -> None:
        nonlocal kills
        if kills == KILLS:
            await answering(200)(received, writer)
            return
        if answers_first:
            await answering(200)(received, writer)
        notifier.process.kill()
        kills += 1
        killed.set()
        writer.transport.abort()

    manager_id = await webhooks.manager()
    event = finished(event_id=new_id(), run_id=new_id(), manager_id=manager_id, error_emails=[])
    async with WebhookReceiver(kill_as_it_comes) as receiver:
        hook = await webhooks.made(receiver.url(), "contacts.changed", "import.finished")
        await webhooks.put_many(manager_id, CONTACTS)
        async with kafka.AIOKafkaProducer(bootstrap_servers=broker) as producer:
            body = event.model_dump_json().encode()
            await producer.send_and_wait(IMPORT_FINISHED.name, body, key=str(event.run_id).encode())
        try:
            for _ in range(KILLS):
                with suppress(ServerDidNotStartError):  # killed before it was ready, by what it sent first
                    await notifier.start()
                async with asyncio.timeout(DEADLINE):
                    await killed.wait()
                killed.clear()
            await notifier.start()

            async def all_told() -> bool:
                view = await webhooks.view(hook)
                ended = [each for each in await webhooks.messages(hook) if each.type == "import.finished"]
                waits = view.messages_waiting.count or view.changes_behind
                return not waits and [each.state for each in ended] == ["delivered"]

            await until(all_told, within=DEADLINE, what="all is told")
        finally:
            await notifier.process.stop()
    assert len(receiver.received) > KILLS
    by_id: dict[str, set[bytes]] = {}
    for each in receiver.received:
        by_id.setdefault(each.id, set()).add(each.body)
    assert all(len(bodies) == 1 for bodies in by_id.values())
    assert len({each.id for each in receiver.of("import.finished")}) == 1
    batches = list({each.id: each for each in receiver.of("contacts.changed")}.values())
    assert numbers(batches) == list(range(1, CONTACTS + 1))
