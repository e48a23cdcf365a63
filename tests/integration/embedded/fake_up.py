"""Runs a stack with fake services and fake set-up: `python fake_up.py DATA PORT RECORDS [SERVICE=REPLICAS…]`.

The set-up leaves its mark in the database itself, so that what survives can be seen.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiokafka.admin
import asyncpg

from services.cli.embedded.hooks import StackHooks
from services.cli.embedded.run_stack import run_stack
from services.cli.embedded.stack import StackOptions


async def migrate(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS incarnation (id int GENERATED ALWAYS AS IDENTITY)")
    await connection.execute("CREATE TABLE IF NOT EXISTS account (login text, password text, token text)")
    await connection.close()


async def create_topics(bootstrap_servers: str) -> None:
    library: Any = aiokafka.admin
    admin = library.AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([library.NewTopic("import.requested", 1, 1)])
    finally:
        await admin.close()


async def record_incarnation(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("INSERT INTO incarnation DEFAULT VALUES")
    await connection.close()


@dataclass(frozen=True)
class Entry:
    password_fits: bool = True
    must_change_password: bool = True
    token_works: bool = True


async def ensure_account(dsn: str, *, password: str, token: str) -> Entry:
    connection = await asyncpg.connect(dsn)
    await connection.execute("INSERT INTO account VALUES ('admin', $1, $2)", password, token)
    await connection.close()
    return Entry()


async def any_run_active(dsn: str) -> bool:
    return False


def main() -> int:
    data, port, records = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    scale = {name: int(number) for name, number in (text.split("=") for text in sys.argv[4:])}
    fake = str(Path(__file__).with_name("fake_service.py"))
    options = StackOptions(
        host="127.0.0.1",
        port=port,
        scale=scale,
        ready_seconds=float(os.environ.get("READY_SECONDS", "30")),
        program=lambda service: [sys.executable, fake, service, records],
    )
    hooks = StackHooks(
        migrate=migrate,
        create_topics=create_topics,
        record_incarnation=record_incarnation,
        ensure_account=ensure_account,
        any_run_active=any_run_active,
    )
    return asyncio.run(
        run_stack(data, options, hooks, lambda ready: print(json.dumps(ready), flush=True))  # noqa: T201 -- its output is the interface
    )


if __name__ == "__main__":
    sys.exit(main())
