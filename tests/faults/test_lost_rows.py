"""What a crash of the database takes: staged rows are in an unlogged table, which it empties."""

import time

from tests.support.contents import Contents, stored_contacts
from tests.support.imports import set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack
from tests.support.waiting import until

ROWS = 60_000


async def test_a_database_killed_while_rows_are_staged(embedded_stack: Stack, sftp: SftpServer) -> None:
    contents = Contents(ROWS, 1)
    contents.write(sftp.folder / "lost.csv")
    fields = [("No", "text"), ("Name", "text"), ("Email", "text")]
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "lost.csv"), fields=fields)
        answer = await client.post(f"/imports/{importing.import_id}/runs", json={})
        run_id = answer.json()["id"]

        async def some_are_staged() -> bool:
            run = (await client.get(f"/runs/{run_id}")).json()
            return bool(run["status"] == "staging" and run["progress"]["rows"] > 0)

        await until(some_are_staged, within=60, what="some rows are staged")
        began = time.monotonic()
        assert embedded_stack.kill_service("postgres")
        run = await importing.finished(run_id, within=180)
        assert run["status"] == "succeeded_with_errors", run
        assert run["counts"]["read"] == ROWS
        assert await stored_contacts(embedded_stack, importing.manager_id) == contents.contacts()
        print(f"database killed: ended {time.monotonic() - began:.1f} s later, attempt {run['attempt']}")  # noqa: T201
