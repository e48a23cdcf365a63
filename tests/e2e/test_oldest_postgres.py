"""The oldest Postgres that is supported takes all that runs and people do."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.cli.checks import OLDEST_POSTGRES
from tests.e2e.test_plans import begin, decide, edit, many, next_file
from tests.support.oldest_postgres import oldest_postgres
from tests.support.stack import Stack

LARGE = 6_000


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with oldest_postgres(tmp_path) as dsn:
        connection = await asyncpg.connect(dsn)
        assert connection.get_server_version().major == OLDEST_POSTGRES
        await connection.close()
        settings = {"CONTACTS_SYNC_POSTGRES__DSN": dsn}
        async with Stack(tmp_path / "data", settings=settings) as stack, stack.client() as client:
            yield client


async def test_runs_large_and_small_are_applied_and_undone(client: httpx.AsyncClient) -> None:
    for count in (20, LARGE):
        importing = await begin(client, many(count))
        before = await importing.contacts()
        run = await next_file(importing, many(count, start=count // 4, name="New"))
        counts = run["counts"]
        assert (run["status"], counts["added"], counts["updated"]) == ("succeeded", count // 4, count - count // 4)
        assert counts["deleted"] == count // 4
        await edit(importing, str(count), "By hand")
        after = await importing.contacts()
        undone = await decide(importing, run, "undo")
        assert undone["status"] == "succeeded_with_errors"
        assert await importing.contacts() == before | {str(count): after[str(count)]}
        found = await client.get(f"/managers/{importing.manager_id}/contacts", params={"q": "1", "limit": 5})
        assert len(found.json()["items"]) == 5
