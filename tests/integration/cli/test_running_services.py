"""`run NAME`: a service in a process, from its start to its end."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.child import SUPERVISOR_FD
from services.cli.embedded.ports import LOOPBACK, free_port
from shared.kafka.topic_admin import create_topics
from tests.integration.cli.conftest import DSN, KAFKA, environment
from tests.support.waiting import until

KEYS = json.dumps([base64.b64encode(bytes(32)).decode()])


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "CONTACTS_SYNC_SECRETS__KEYS": KEYS,
        "CONTACTS_SYNC_OBJECTS__URL": (tmp_path / "objects").as_uri(),
        "CONTACTS_SYNC_HEALTH__PORT": str(free_port()),
        "CONTACTS_SYNC_KAFKA__EMBEDDED": "true",
    }


async def status_at(port: str, path: str) -> int:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{LOOPBACK}:{port}{path}")).status_code
    except httpx.TransportError:
        return 0


@asynccontextmanager
async def running(
    name: str, settings: Mapping[str, str], log: Path, pass_fds: Sequence[int] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli.main", "run", name),
            env=environment(settings),
            pass_fds=pass_fds,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ready(settings: Mapping[str, str]) -> None:
    async def answers() -> bool:
        return await status_at(settings["CONTACTS_SYNC_HEALTH__PORT"], "/readyz") == 200

    await until(answers, within=30, what="ready")


async def test_a_worker_serves_health_and_ends_well_on_sigterm(
    settings: dict[str, str], kafka: str, tmp_path: Path
) -> None:
    await create_topics(kafka)
    settings[KAFKA] = kafka
    async with running("parser", settings, tmp_path / "log") as process:
        await ready(settings)
        port = settings["CONTACTS_SYNC_HEALTH__PORT"]
        assert await status_at(port, "/livez") == 200
        assert await status_at(port, "/metrics") == 200
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_web_has_its_page_and_its_health_on_two_ports(
    settings: dict[str, str], database: str, tmp_path: Path
) -> None:
    web_port = str(free_port())
    settings |= {DSN: database, "CONTACTS_SYNC_WEB__PORT": web_port}
    async with running("web", settings, tmp_path / "log") as process:
        await ready(settings)
        assert await status_at(web_port, "/api/v1/managers") == 401
        assert await status_at(web_port, "/metrics") == 404
        assert await status_at(settings["CONTACTS_SYNC_HEALTH__PORT"], "/api/v1/managers") == 404
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_a_broker_that_comes_later_is_waited_for(settings: dict[str, str], tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    settings[KAFKA] = await broker.start()
    log = tmp_path / "parser.log"
    try:
        await broker.stop()
        async with running("parser", settings, log) as process:
            await until(lambda: "broker_unavailable" in log.read_text(), within=30, what="waiting for the broker")
            assert await status_at(settings["CONTACTS_SYNC_HEALTH__PORT"], "/livez") == 0
            await broker.start()
            await create_topics(settings[KAFKA])
            await ready(settings)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0
    finally:
        await broker.stop()


async def test_it_ends_when_its_supervisor_is_gone(settings: dict[str, str], kafka: str, tmp_path: Path) -> None:
    await create_topics(kafka)
    read, write = os.pipe()
    settings |= {KAFKA: kafka, SUPERVISOR_FD: str(read)}
    async with running("parser", settings, tmp_path / "log", pass_fds=[read]) as process:
        os.close(read)
        await ready(settings)
        os.close(write)
        await asyncio.wait_for(process.wait(), 10)


async def test_wrong_settings_end_it_at_once(settings: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings["CONTACTS_SYNC_SECRETS__KEYS"] = '["canary"]'
    async with running("parser", settings, log) as process:
        assert await asyncio.wait_for(process.wait(), 15) == 2
    assert "secret_keys_invalid" in log.read_text()
    assert "canary" not in log.read_text()
