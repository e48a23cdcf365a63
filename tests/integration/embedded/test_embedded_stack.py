"""A whole stack, with fake services: up, through every crash, and down."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiokafka.admin
import asyncpg
import httpx
import psutil
import pytest

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.child import Drop, Launch
from services.cli.embedded.ports import free_port
from services.cli.embedded.postgres import EmbeddedPostgres
from tests.integration.embedded.processes import family, living
from tests.support.server_process import REPOSITORY
from tests.support.waiting import until

FAKE_UP = str(Path(__file__).with_name("fake_up.py"))
SERVICES = ("scheduler", "web", "fetcher", "parser", "syncer", "notifier")
admin: Any = aiokafka.admin


@dataclass
class Running:
    process: asyncio.subprocess.Process
    data: Path
    records: Path
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid

    def started(self, service: str) -> list[int]:
        """Return the process ids of the service's starts that came up, in no order."""
        return [int(path.stem.rpartition("-")[2]) for path in self.records.glob(f"{service}-*.started")]

    def environment(self, service: str) -> dict[str, str]:
        told: dict[str, str] = json.loads(next(self.records.glob(f"{service}-*.started")).read_text())
        return told

    async def one(self, query: str) -> Any:
        connection = await asyncpg.connect(self.ready["database"])
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    def child(self, name: str) -> int:
        """Return the newest process id that the log gives for a child."""
        lines = (self.data / "logs" / "supervisor.log").read_text().splitlines()
        return int(next(line for line in reversed(lines) if f" {name} started" in line).split()[-1])


def make_folder(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


@pytest.fixture
def folder_of_an_ordinary_user() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.chown(folder, 65534, 65534)
        yield folder


async def begin(
    data: Path,
    records: Path,
    *options: str,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    launch: Launch | None = None,
) -> Running:
    make_folder(records)
    argv = [sys.executable, FAKE_UP, str(data), str(port), str(records), *options]
    process = await asyncio.create_subprocess_exec(
        *(launch.argv(argv) if launch is not None else argv),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Running(process, data, records)


@contextlib.asynccontextmanager
async def up(data: Path, records: Path, *options: str, **settings: Any) -> AsyncIterator[Running]:
    stack = await begin(data, records, *options, **settings)
    process = stack.process
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 40)
        if not line:
            _, errors = await process.communicate()
            raise AssertionError(errors.decode())
        stack.ready = json.loads(line)
        yield stack
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.communicate(), 40)


async def gone(pids: list[int]) -> None:
    await until(lambda: not living(pids), within=10, what="nothing runs")


async def starts(stack: Running, service: str, number: int) -> None:
    await until(lambda: len(stack.started(service)) == number, within=20, what=f"{service} {number} times")


async def result(stack: Running) -> tuple[int | None, str]:
    try:
        output, errors = await asyncio.wait_for(stack.process.communicate(), 40)
    finally:
        if stack.process.returncode is None:
            stack.process.kill()
    assert output == b""
    return stack.process.returncode, errors.decode()


async def test_up_and_down(tmp_path: Path) -> None:
    async with up(tmp_path / "data", tmp_path / "records", "parser=2", "web=2") as stack:
        ready = stack.ready
        assert ready["ready"] is True
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(ready["url"])).status_code == 200
            assert (await client.get(ready["mail_url"])).status_code == 200
        assert await stack.one("SELECT count(*) FROM incarnation") == 1
        account = await stack.one("SELECT login || ' ' || password || ' ' || token FROM account")
        assert account == f"{ready['login']} {ready['password']} {ready['api_token']}"
        assert {service: len(stack.started(service)) for service in SERVICES} == {
            **dict.fromkeys(SERVICES, 1),
            "parser": 2,
            "web": 2,
        }
        for service in SERVICES:
            told = stack.environment(service)
            assert ("CONTACTS_SYNC_POSTGRES__DSN" in told) == (service not in {"fetcher", "parser"})
            assert told["CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS"] == ready["kafka"]
            assert told["CONTACTS_SYNC_OBJECTS__URL"] == f"file://{tmp_path}/data/objects"
        everyone = family(stack.pid)
        assert len(everyone) > 12
        stack.process.send_signal(signal.SIGTERM)
        _, errors = await stack.process.communicate()
    assert stack.process.returncode == 0
    assert not living(everyone)
    ends = {path.name.partition("-")[0]: path.read_text().split() for path in stack.records.glob("*.ended")}
    assert sorted(ends, key=lambda service: float(ends[service][0])) == list(SERVICES)
    assert {how for _, how in ends.values()} == {"told"}
    written = errors.decode() + "".join(path.read_text() for path in (tmp_path / "data" / "logs").iterdir())
    files = [*(tmp_path / "data" / "secrets").iterdir(), *(tmp_path / "data" / "postgres").glob("*password")]
    secrets = [path.read_text() for path in files]
    assert len(secrets) == 5
    assert not [secret for secret in secrets if secret in written]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_killed_outright_it_leaves_nothing_running_and_nothing_lost(tmp_path: Path) -> None:
    data, records = tmp_path / "data", tmp_path / "records"
    port = free_port()
    before: dict[str, Any] = {}
    for round_number in (1, 2, 3):
        async with up(data, records, port=port) as stack:
            assert await stack.one("SELECT count(*) FROM incarnation") == round_number
            kept = {name: stack.ready[name] for name in ("url", "api_token", "password", "mail_folder")}
            assert before in ({}, kept)
            before = kept
            everyone = family(stack.pid)
            stack.process.kill()
            await stack.process.wait()
            await gone(everyone)


async def test_all_processes_killed_at_once(tmp_path: Path) -> None:
    data, records = tmp_path / "data", tmp_path / "records"
    async with up(data, records) as stack:
        for pid in family(stack.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    async with up(data, records) as stack:
        assert await stack.one("SELECT count(*) FROM incarnation") == 2


async def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with up(tmp_path / "data", tmp_path / "records") as stack:
        status, errors = await result(await begin(tmp_path / "data", tmp_path / "records"))
        assert status == 2
        assert "data_folder_in_use" in errors
        assert str(stack.pid) in errors
        assert await stack.one("SELECT 1") == 1


async def test_two_on_two_folders_at_once(tmp_path: Path) -> None:
    async with (
        up(tmp_path / "one", tmp_path / "records-1") as one,
        up(tmp_path / "two", tmp_path / "records-2") as two,
    ):
        for name in ("url", "database", "kafka", "mail_url", "mail_folder", "api_token", "password"):
            assert one.ready[name] != two.ready[name]
        for stack in (one, two):
            assert await stack.one("SELECT count(*) FROM incarnation") == 1


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        status, errors = await result(await begin(tmp_path / "data", tmp_path / "records", port=port))
    assert status == 2
    assert "port_taken" in errors
    assert str(port) in errors


@pytest.mark.parametrize("scale", ["parsers=2", "parser=0"])
async def test_a_scale_that_makes_no_sense_is_said(tmp_path: Path, scale: str) -> None:
    status, errors = await result(await begin(tmp_path / "data", tmp_path / "records", scale))
    assert status == 2
    assert "parser" in errors


async def test_a_killed_service_is_there_again(tmp_path: Path) -> None:
    async with up(tmp_path / "data", tmp_path / "records") as stack:
        (first,) = stack.started("syncer")
        os.kill(first, signal.SIGKILL)
        await starts(stack, "syncer", 2)
        assert len(stack.started("parser")) == 1


async def test_a_killed_broker_is_renewed_with_all_that_hangs_on_it(tmp_path: Path) -> None:
    stubborn = tmp_path / "records" / "parser.stubborn"
    stubborn.parent.mkdir()
    stubborn.touch()
    async with up(tmp_path / "data", tmp_path / "records") as stack:
        stubborn.unlink()
        os.kill(stack.child("broker"), signal.SIGKILL)
        for service in set(SERVICES) - {"web"}:
            await starts(stack, service, 2)
        await starts(stack, "web", 1)
        assert await stack.one("SELECT count(*) FROM incarnation") == 2
        client = admin.AIOKafkaAdminClient(bootstrap_servers=stack.ready["kafka"])
        await client.start()
        assert await client.list_topics() == ["import.requested"]
        await client.close()


async def test_a_killed_postgres_is_there_again_on_the_same_address(tmp_path: Path) -> None:
    async with up(tmp_path / "data", tmp_path / "records") as stack:
        os.kill(stack.child("postgres"), signal.SIGKILL)

        async def answers() -> bool:
            with contextlib.suppress(OSError, asyncpg.PostgresError):
                return bool(await stack.one("SELECT count(*) = 1 FROM incarnation"))
            return False

        await until(answers, within=20, what="the database answers")
        assert all(len(stack.started(service)) == 1 for service in SERVICES)


async def test_what_does_not_listen_is_killed_when_told_twice(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    for service in ("scheduler", "syncer"):
        (tmp_path / "records" / f"{service}.stubborn").touch()
    async with up(tmp_path / "data", tmp_path / "records") as stack:
        everyone = family(stack.pid)
        stack.process.send_signal(signal.SIGINT)
        log = tmp_path / "data" / "logs" / "supervisor.log"
        await until(lambda: "stopping" in log.read_text(), within=5, what="it stops")
        stack.process.send_signal(signal.SIGINT)
        await asyncio.wait_for(stack.process.wait(), 8)
        assert stack.process.returncode == 0
        assert not living(everyone)


async def test_a_service_that_does_not_come_up_is_named(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "fetcher.broken").touch()
    hasty = {"READY_SECONDS": "6"}
    status, errors = await result(await begin(tmp_path / "data", tmp_path / "records", environment=hasty))
    assert status == 1
    assert "stack_not_ready" in errors
    assert "fetcher-1" in errors.splitlines()[-1]
    assert "parser-1" not in errors.splitlines()[-1]


async def test_told_to_stop_while_it_starts_it_stops(tmp_path: Path) -> None:
    stack = await begin(tmp_path / "data", tmp_path / "records")
    log = tmp_path / "data" / "logs" / "supervisor.log"
    await until(lambda: log.exists() and "postgres" in log.read_text(), within=20, what="it starts")
    stack.process.terminate()
    status, _ = await result(stack)
    assert status == 0
    async with up(tmp_path / "data", tmp_path / "records") as again:
        assert await again.one("SELECT 1") == 1


async def test_a_database_and_a_broker_of_the_users_are_used(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "own", tmp_path / "own.log")
    broker = EmbeddedBroker(tmp_path / "broker.log")
    dsn, kafka = await postgres.start(), await broker.start()
    own = {
        "CONTACTS_SYNC_POSTGRES__DSN": dsn,
        "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "CONTACTS_SYNC_NOTIFIER__SMTP_URL": "smtp://127.0.0.1:9",
    }
    try:
        async with up(tmp_path / "data", tmp_path / "records", environment=own) as stack:
            assert (stack.ready["database"], stack.ready["kafka"]) == (dsn, kafka)
            assert stack.ready["mail_url"] is None
            assert await stack.one("SELECT count(*) FROM incarnation") == 0
            assert "CONTACTS_SYNC_POSTGRES__DSN" not in stack.environment("fetcher")
            assert stack.environment("notifier")["CONTACTS_SYNC_NOTIFIER__SMTP_URL"] == "smtp://127.0.0.1:9"
            assert stack.environment("parser")["CONTACTS_SYNC_KAFKA__EMBEDDED"] == "false"
            started = (tmp_path / "data" / "logs" / "supervisor.log").read_text()
            assert not [name for name in ("postgres", "broker", "mail-sink") if f" {name} started" in started]
        async with asyncio.timeout(5):
            connection = await asyncpg.connect(dsn)
            await connection.close()
    finally:
        await broker.stop()
        await postgres.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user for this test")
async def test_an_ordinary_user_can_run_it(folder_of_an_ordinary_user: Path) -> None:
    folder = folder_of_an_ordinary_user
    records = folder / "records"
    make_folder(records)
    os.chown(records, 65534, 65534)
    # The one capability is for the interpreter, which may lie in a folder of root's.
    ordinary = Launch(drop=Drop(65534, 65534, capability=2))
    async with up(folder / "data", records, launch=ordinary) as stack:
        assert await stack.one("SELECT count(*) FROM incarnation") == 1
        everyone = family(stack.pid)
        for pid in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                assert psutil.Process(pid).uids().real == 65534
        stack.process.kill()
        await stack.process.wait()
        await gone(everyone)
    assert "Drop" not in (folder / "data" / "logs" / "supervisor.log").read_text()
