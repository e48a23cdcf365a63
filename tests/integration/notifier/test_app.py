"""The service as a whole: from the topic to the mail server."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import aiokafka
import httpx

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.serving import Part, serve
from services.notifier.app import create_app
from services.notifier.settings import Settings
from shared.kafka.topic_admin import create_topics
from shared.topics import IMPORT_FINISHED
from tests.integration.notifier.conftest import Notifiers
from tests.support.ports import LOOPBACK, free_port
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import until

DEADLINE = 60
kafka: Any = aiokafka


async def test_an_event_becomes_a_mail_once_the_server_takes_it(notifiers: Notifiers, tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    port = free_port()
    stop = asyncio.Event()
    try:
        address = await broker.start()
        await create_topics(address, partitions=2)
        async with SmtpServer() as server, httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
            settings = Settings.model_validate(
                {
                    "kafka": {"bootstrap_servers": address, "embedded": True},
                    "postgres": {"dsn": notifiers.dsn},
                    "notifier": {"smtp_url": server.url},
                    "objects": {"url": f"file://{tmp_path}/objects"},
                    "secrets": {"keys": [base64.b64encode(bytes(32)).decode()]},
                    "web": {"public_url": "https://contacts.example"},
                }
            )
            serving = asyncio.create_task(serve([Part(create_app(settings), LOOPBACK, port)], stop, grace=5))
            event = await notifiers.ended_run()
            server.refuse_next(2)
            body = event.model_dump_json().encode()
            async with kafka.AIOKafkaProducer(bootstrap_servers=address) as producer:
                for _ in range(2):
                    await producer.send_and_wait(IMPORT_FINISHED.name, body, key=str(event.run_id).encode())
                following = await notifiers.ended_run()
                await producer.send_and_wait(
                    IMPORT_FINISHED.name, following.model_dump_json().encode(), key=str(event.run_id).encode()
                )
            await until(lambda: len(server.mails) == 2, within=DEADLINE, what="both mails have come")
            ready = await client.get("/readyz")
            metrics = await client.get("/metrics")
            stop.set()
            await serving
        mails = {mail.message["Message-ID"]: mail.raw.decode().replace("=\r\n", "") for mail in server.mails}
        assert set(mails) == {f"<run-{run.run_id}@contacts-sync>" for run in (event, following)}
        url = f"https://contacts.example/runs/{event.run_id}"
        assert url in mails[f"<run-{event.run_id}@contacts-sync>"]
        assert server.refused == 2
        assert ready.json() == {
            "status": "ready",
            "checks": {"broker": True, "consumers": True, "database": True},
        }
        assert 'contacts_sync_mails_total{outcome="sent"}' in metrics.text
        assert 'contacts_sync_mails_total{outcome="deferred"}' in metrics.text
    finally:
        await broker.stop()
