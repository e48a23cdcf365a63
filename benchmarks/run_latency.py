"""How long a run of a 1,000-row file takes, "Import now" to succeeded, warm, on either broker.

Beside it, in turn: one connection that fetches the same file by SFTP and copies it into a table. Exits 1 where a median
misses what must hold.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import asyncssh

from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.kafka_server import KafkaServer, java_and_maven_missing
from tests.support.sftp_server import OpenSshServer
from tests.support.stack import Stack

ROWS = 1_000
WARM, ROUNDS = 5, 20
MUST = {"embedded": 0.5, "kafka": 1.0}
COLUMNS = ["no", "name", "email"]
_AT_REST_SECONDS = 60.0
"""The file was written so long ago: one that may still be written to is looked at for longer."""


@asynccontextmanager
async def running_stack(broker: str, folder: Path) -> AsyncIterator[Stack]:
    """Start the system on one of the brokers."""
    if broker == "embedded":
        async with Stack(folder / "data") as stack:
            yield stack
        return
    async with KafkaServer(folder) as kafka, Stack(folder / "data", bootstrap_servers=kafka.bootstrap_servers) as stack:
        yield stack


async def bare(server: OpenSshServer, dsn: str) -> float:
    """Fetch the file and copy it into a table; returns the seconds it took."""
    began = time.perf_counter()
    key = asyncssh.import_private_key(server.private_key or "")
    options = {"username": server.login, "client_keys": [key], "known_hosts": None, "config": None, "agent_path": None}
    async with (
        asyncssh.connect("127.0.0.1", server.port, **options) as ssh,
        ssh.start_sftp_client() as sftp,
        sftp.open(server.path("people.csv"), "rb") as file,
    ):
        data = await file.read()
    assert isinstance(data, bytes)
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("CREATE TEMP TABLE bare (no text, name text, email text) ON COMMIT DROP")
        rows = [line.split(",") for line in data.decode().splitlines()[1:]]
        await connection.copy_records_to_table("bare", records=rows, columns=COLUMNS)
    await connection.close()
    return time.perf_counter() - began


async def measure(broker: str, server: OpenSshServer, folder: Path) -> tuple[float, float, float]:
    """Return the run's median as the user waits for it, as the database noted it, and the bare job's median."""
    waited: list[float] = []
    noted: list[float] = []
    bares: list[float] = []
    async with running_stack(broker, folder) as stack, stack.client() as client:
        importing = await set_up_import(client, sftp_source(server, "people.csv"))
        for number in range(WARM + ROUNDS):
            rows = [[str(row), f"Name {row} {number}", f"p{row}@example.com"] for row in range(ROWS)]
            file = server.folder / "people.csv"
            file.write_text(csv_of(rows), encoding="utf-8")
            written = time.time() - _AT_REST_SECONDS
            os.utime(file, (written, written))
            began = time.perf_counter()
            run = await importing.run()
            waited.append(time.perf_counter() - began)
            if run["status"] != "succeeded":
                raise SystemExit(f"a run did not succeed: {run}")
            connection = await stack.connect()
            noted.append(
                await connection.fetchval(
                    "SELECT extract(epoch FROM finished_at - queued_at)::float8 FROM runs WHERE id = $1", run["id"]
                )
            )
            await connection.close()
            bares.append(await bare(server, stack.database))
    return tuple(statistics.median(times[WARM:]) for times in (waited, noted, bares))  # type: ignore[return-value]


async def main() -> int:
    """Measure on each broker that there is, and print a line for each."""
    status = 0
    with tempfile.TemporaryDirectory(prefix="contacts-sync-bench-") as name:
        folder = Path(name)
        async with OpenSshServer(folder / "sshd") as server:
            for broker, must in MUST.items():
                if broker == "kafka" and (missing := java_and_maven_missing()):
                    print(f"kafka: not measured: {missing}")
                    continue
                waited, noted, bare_seconds = await measure(broker, server, folder / broker)
                holds = waited <= must
                status |= not holds
                print(
                    f"{broker}: {ROWS:,} rows by SFTP, Import now to succeeded: median {waited:.3f} s "
                    f"(in the database {noted:.3f} s), {waited / bare_seconds:.1f} x the bare {bare_seconds:.3f} s; "
                    f"at most {must} s: {'holds' if holds else 'MISSED'}"
                )
    return status


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
