"""The next day's file costs what changed: nothing is written to the contacts for a row that is as it was."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from tests.support.file_server import FileServer
from tests.support.imports import csv_of, set_up_import
from tests.support.stack import Stack
from tests.support.waiting import until

ROWS: Final = 20_000
CHANGED: Final = 200
GONE: Final = 100
NEW: Final = 100
_WRITES = """
SELECT n_tup_ins + n_tup_upd + n_tup_del AS written, n_dead_tup AS dead FROM pg_stat_user_tables
WHERE relname = 'contacts'
"""


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer() as running:
        yield running


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("cost") / "data") as running:
        yield running


def people(*, changed: int = 0, gone: int = 0, new: int = 0) -> bytes:
    numbers = range(gone, ROWS + new)
    names = (("Changed" if gone <= number < gone + changed else "Name", number) for number in numbers)
    return csv_of([[str(number), f"{name} {number}", f"p{number}@example.com"] for name, number in names]).encode()


async def test_the_next_day_costs_what_changed(stack: Stack, server: FileServer) -> None:
    database = await stack.connect()

    async def so_many(written: int, dead: int) -> None:
        """Wait until that many contacts were written in all, each process says so in time, and no more are dead."""

        async def are() -> bool:
            await database.execute("SELECT pg_stat_clear_snapshot()")
            row = await database.fetchrow(_WRITES)
            return row is not None and row["written"] == written and row["dead"] <= dead

        await until(are, within=60, what=f"{written} contacts are written, at most {dead} dead", every=0.5)

    async def wal() -> int:
        position: int = await database.fetchval("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")
        return position

    async with stack.client() as client:
        server.files["/people.csv"] = people()
        source = {"kind": "remote", "url": server.url("/people.csv")}
        importing = await set_up_import(client, source, options={"delete_missing": True, "every_time": True})
        assert (await importing.run())["counts"]["added"] == ROWS
        await database.execute("ALTER TABLE contacts SET (autovacuum_enabled = false)")
        await so_many(ROWS, 0)

        began = await wal()
        assert (await importing.run())["counts"]["unchanged"] == ROWS
        idle = await wal() - began

        server.files["/people.csv"] = people(changed=CHANGED, gone=GONE, new=NEW)
        began = await wal()
        counts = (await importing.run())["counts"]
        few = await wal() - began
        assert (counts["updated"], counts["deleted"], counts["added"]) == (CHANGED, GONE, NEW)
        few_changes = CHANGED + GONE + NEW
        await so_many(ROWS + few_changes, CHANGED + GONE)

        server.files["/people.csv"] = people(changed=ROWS)
        began = await wal()
        counts = (await importing.run())["counts"]
        all_of_them = await wal() - began
        changes = counts["updated"] + counts["added"] + counts["deleted"]
        assert changes > ROWS - CHANGED
        await so_many(ROWS + few_changes + changes, CHANGED + GONE + counts["updated"] + counts["deleted"])
    await database.close()
    print(f"WAL: {idle:,} bytes for no change, {few:,} for {few_changes}, {all_of_them:,} for all")  # noqa: T201
    share = few_changes / ROWS
    assert few - idle < 2 * share * all_of_them
    assert idle < share * all_of_them
