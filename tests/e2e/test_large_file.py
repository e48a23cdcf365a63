"""A file of any size takes the same memory in those who read it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from shared.events.rows import RowsParsed
from shared.topics import ROWS_PARSED
from tests.support.hostile_http import HostileHttpServer, Request, send_head
from tests.support.imports import set_up_import
from tests.support.memory import PeakMemory, peak_of_service
from tests.support.stack import Stack

MOST_MEMORY = 64 << 20
MOST_MEMORY_OF_SYNCER = 256 << 20
KINDS = {"E-mail": "email", "Phone": "phone", "Code": "number", "Changed": "date"}
COLUMNS = ["No", "E-mail", "First", "Last", "Phone", "Company"]
COLUMNS += ["Street", "Town", "Code", "Country", "Note", "Changed"]
PASSWORD = "Password"
ROWS_IN_BLOCK = 1_000
BLOCK = b"@@@@@"


class LargeFile:
    """A file of people that is made while it is sent; `blocks` of a thousand rows, two of them bad in each.

    One person in each block has a password.
    """

    def __init__(self, blocks: int, *, secret: str = "secret") -> None:
        self.blocks = blocks
        self._secret = secret
        self._header = (",".join([*COLUMNS, PASSWORD]) + "\n").encode()
        self._template = "".join(self._row(row) for row in range(ROWS_IN_BLOCK)).encode()

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer a request for it; ranges are not known here."""
        size = len(self._header) + self.blocks * len(self._template)
        await send_head(writer, 200, Content_Length=size, Content_Type="text/csv")
        if request.method == "HEAD":
            return
        writer.write(self._header)
        for block in range(self.blocks):
            writer.write(self._template.replace(BLOCK, b"%05d" % block))
            await writer.drain()

    def _row(self, row: int) -> str:
        key = f"{BLOCK.decode()}{row:03}"
        note = ["", '"call after\nfive, please"', '"said ""no thanks"""', "naïve façade"][row % 4]
        mail = f"anna.müller{key}@example.com" if row % 500 else "nobody"
        street, town = f"{row} Rue de l'Église", ["Zürich", "Kraków", "東京", "Lyon"][row % 4]
        phone, day = f"+49 30 {row + 1_000_000}", f"2026-{row % 12 + 1:02}-{row % 28 + 1:02}"
        password = f"{self._secret} of {key}" if row == 1 else ""
        return f'{key},{mail},Anna,Müller-{row},{phone},"Acme, Inc.",{street},{town},{row},DE,{note},{day},{password}\n'


@pytest.fixture(scope="module")
async def own_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("large") / "data") as stack:
        yield stack


async def rows_said(kafka: str, rows: int) -> dict[str, int]:
    """Read what the parser says until so many rows have come; return how many were good and rejected."""
    make_consumer: Any = AIOKafkaConsumer
    consumer = make_consumer(ROWS_PARSED.name, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    found = {"good": 0, "rejected": 0}
    try:
        while sum(found.values()) < rows:
            record = await consumer.getone()
            said = json.loads(RowsParsed.json_of(record.value))
            found["good"] += said["good"]
            found["rejected"] += len(said["rejected"])
    finally:
        await consumer.stop()
    return found


@pytest.mark.timeout(1800)
async def test_memory_of_fetcher_and_parser_does_not_follow_the_files_size(own_stack: Stack, *, is_long: bool) -> None:
    """Beside what they take when they have just started and have read nothing yet."""
    file = LargeFile(5_000 if is_long else 500)
    rows = file.blocks * ROWS_IN_BLOCK
    fields = [(name, KINDS.get(name, "text")) for name in COLUMNS]
    mapping = [(name, name) for name in COLUMNS]
    async with HostileHttpServer(file) as server, own_stack.client() as client:
        importing = await set_up_import(client, {"kind": "remote", "url": server.url()}, fields=fields, mapping=mapping)
        with (
            PeakMemory.of_service(own_stack, "fetcher") as fetcher,
            PeakMemory.of_service(own_stack, "parser") as parser,
        ):
            run = (await client.post(f"/imports/{importing.import_id}/runs", json={})).json()
            found = await asyncio.wait_for(rows_said(own_stack.kafka, rows), 1500)
        with suppress(Exception):
            await client.post(f"/runs/{run['id']}/cancel")
    assert found == {"good": rows - 2 * file.blocks, "rejected": 2 * file.blocks}
    print(f"{rows:,} rows: fetcher {fetcher.grown >> 20} MiB, parser {parser.grown >> 20} MiB over idle")  # noqa: T201
    assert fetcher.grown < MOST_MEMORY
    assert parser.grown < MOST_MEMORY


@pytest.mark.timeout(2400)
async def test_memory_of_syncer_does_not_follow_the_files_size(own_stack: Stack, *, is_long: bool) -> None:
    """All that it takes, in a first load and where all contacts are compared, with a new password in each block."""
    blocks = 5_000 if is_long else 300
    good = blocks * (ROWS_IN_BLOCK - 2)
    fields = [*((name, KINDS.get(name, "text")) for name in COLUMNS), (PASSWORD, "password")]
    mapping = [(name, name) for name in (*COLUMNS, PASSWORD)]
    peaks = []
    async with own_stack.client() as client, HostileHttpServer(LargeFile(blocks)) as server:
        source = {"kind": "remote", "url": server.url()}
        importing = await set_up_import(client, source, fields=fields, mapping=mapping)
        run = await importing.run(within=1200)
        assert (run["status"], run["counts"]["added"]) == ("succeeded_with_errors", good)
        peaks.append(peak_of_service(own_stack, "syncer"))
    async with own_stack.client() as client, HostileHttpServer(LargeFile(blocks, secret="another")) as server:
        importing.client = client
        await importing.change(source={"kind": "remote", "url": server.url()})
        run = await importing.run(within=1200)
        assert (run["status"], run["counts"]["updated"]) == ("succeeded_with_errors", blocks)
        peaks.append(peak_of_service(own_stack, "syncer"))
    print(f"{good:,} rows: syncer {[peak >> 20 for peak in peaks]} MiB")  # noqa: T201
    assert max(peaks) < MOST_MEMORY_OF_SYNCER
