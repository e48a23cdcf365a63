"""The oldest Postgres that is supported, from a wheel of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from services.cli.embedded.child import Child, Launch
from services.cli.embedded.postgres_cluster import ENVIRONMENT
from services.cli.embedded.postgres_user import postgres_user
from services.cli.embedded.wheel_programs import wheel_program
from shared.errors import UserError
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import until

_ROLE = "contacts_sync"


@asynccontextmanager
async def oldest_postgres(folder: Path) -> AsyncIterator[str]:
    """Run one in a folder; gives its DSN. The test is skipped where there is no wheel of it."""
    try:
        programs = {name: wheel_program("pgserver", f"pginstall/bin/{name}") for name in ("initdb", "postgres")}
    except UserError as error:
        pytest.skip(str(error))
    data, log = folder / "oldest", folder / "oldest.log"
    await asyncio.to_thread(data.mkdir, 0o700)
    launch = Launch(drop=await postgres_user(data, log), folder=str(data))
    made = await Child.start(
        [
            programs["initdb"],
            f"--pgdata={data}",
            f"--username={_ROLE}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ],
        env=ENVIRONMENT,
        log=log,
        launch=launch,
    )
    assert await made.wait() == 0, await asyncio.to_thread(log.read_text)
    port = free_port()
    options = {"listen_addresses": LOOPBACK, "port": str(port), "unix_socket_directories": "", "max_connections": "200"}
    running = await Child.start(
        [programs["postgres"], "-D", str(data), *(f"--{name}={value}" for name, value in options.items())],
        env=ENVIRONMENT,
        log=log,
        launch=launch,
    )
    dsn = f"postgresql://{_ROLE}@{LOOPBACK}:{port}/postgres"

    async def answers() -> bool:
        try:
            await (await asyncpg.connect(dsn)).close()
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    try:
        await until(answers, within=60, what="Postgres answers", every=0.1)
        yield dsn
    finally:
        running.kill()
        await running.wait()
