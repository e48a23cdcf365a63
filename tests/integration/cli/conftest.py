"""A database and a broker of their own, and the command as a process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.postgres import EmbeddedPostgres
from shared.postgres.migrate import migrate

ROOT = Path(__file__).parents[3]
DSN = "CONTACTS_SYNC_POSTGRES__DSN"
KAFKA = "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS"


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTS_SYNC_")}
    return {**own, "PYTHONPATH": str(ROOT), **settings}


Command = Callable[..., Awaitable[Ended]]


@pytest.fixture
def command() -> Command:
    async def call(*arguments: str, typed: str = "", **settings: str) -> Ended:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli.main", *arguments),
            env=environment(settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(typed.encode())
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    return call


@pytest.fixture
async def empty_database(tmp_path: Path) -> AsyncIterator[str]:
    postgres = EmbeddedPostgres(tmp_path / "postgres", tmp_path / "postgres.log")
    await postgres.start()
    try:
        yield postgres.dsn
    finally:
        await postgres.stop()


@pytest.fixture
async def database(empty_database: str) -> str:
    await migrate(empty_database)
    return empty_database


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[str]:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    try:
        yield await broker.start()
    finally:
        await broker.stop()
