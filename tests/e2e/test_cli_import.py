"""`contacts-sync import` and `runs` against the whole system, on both brokers."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from services.cli.embedded.ports import LOOPBACK, free_port
from tests.support.imports import csv_of
from tests.support.sftp_server import PasswordSftpServer
from tests.support.stack import Stack

ROWS = [[f"{number:04}", f"Name {number}", f"p{number}@example.com"] for number in range(300)]


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


async def imported(stack: Stack, *arguments: str, **settings: str) -> Ended:
    return await called(stack, "import", *arguments, **settings)


async def contact_count(stack: Stack, name: str) -> int:
    async with stack.client() as client:
        managers = (await client.get("/managers", params={"limit": 1000})).json()["items"]
    return int(next(each["contact_count"] for each in managers if each["name"] == name))


async def called(stack: Stack, *arguments: str, **settings: str) -> Ended:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTS_SYNC_")}
    reach = {"CONTACTS_SYNC_API__URL": stack.url, "CONTACTS_SYNC_API__TOKEN": stack.api_token}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", *arguments),
        env={**own, "PYTHONPATH": str(Path(__file__).parents[2]), **reach, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_a_file_is_imported_and_its_import_is_used_again(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(csv_of(ROWS))
    into = ("--manager", "By command", "--key", "No")
    planned = await imported(stack, str(file), *into, "--dry-run")
    assert (planned.status, "planned" in planned.out) == (0, True), planned
    first = await imported(stack, str(file), *into)
    assert (first.status, "succeeded" in first.out) == (0, True), first

    file.write_text(csv_of([*ROWS[:-1], ["", "Nobody", ""]]))
    second = await imported(stack, str(file), *into)
    assert second.status == 3, second
    assert "line 301" in second.out

    async with stack.client() as client:
        managers = (await client.get("/managers")).json()["items"]
        manager = next(each for each in managers if each["name"] == "By command")
        imports = (await client.get("/imports", params={"manager_id": manager["id"]})).json()["items"]
    assert (manager["contact_count"], manager["key_field"]) == (300, "No")
    assert [each["name"] for each in imports] == ["people.csv"]


async def test_a_link_is_imported_with_a_password_that_is_nowhere_seen(stack: Stack, tmp_path: Path) -> None:
    async with PasswordSftpServer(tmp_path / "sftp") as sftp:
        assert sftp.password
        (sftp.folder / "people.csv").write_text(csv_of(ROWS))
        options = ("--manager", "By link", "--key", "No", "--map", "Name=Full name", "--login", sftp.login)
        password = {"CONTACTS_SYNC_IMPORT_PASSWORD": sftp.password}
        ended = [await imported(stack, sftp.url(name), *options, **password) for name in ("people.csv", "gone.csv")]
        refused = await imported(stack, sftp.url("people.csv"), *options, CONTACTS_SYNC_IMPORT_PASSWORD="not it")
    assert [each.status for each in (*ended, refused)] == [0, 1, 1], (ended, refused)
    assert "(file_not_found)" in ended[1].out
    assert all(sftp.password not in each.out + each.err for each in ended)


async def test_what_was_asked_wrongly_is_told(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(csv_of(ROWS))
    into = ("--manager", "Nobody's", "--key", "No")
    nowhere = f"http://{LOOPBACK}:{free_port()}"
    for arguments, status, code in (
        ((str(file), "--manager", "Nobody's", "--key", "Nr"), 2, "column_missing"),
        ((str(tmp_path / "other.csv"), *into), 2, "file_unreadable"),
        (("https://host/people.csv", *into), 2, "map_missing"),
        ((str(file), *into, "--token", "wrong"), 2, "unauthenticated"),
        ((str(file), *into, "--url", nowhere), 1, "api_unreachable"),
    ):
        ended = await imported(stack, *arguments)
        assert (ended.status, f"({code})" in ended.err) == (status, True), ended
        assert "Traceback" not in ended.err


async def test_a_plan_is_shown_approved_and_taken_back(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(csv_of(ROWS))
    into = ("--manager", "Decided by command", "--key", "No")
    assert (await imported(stack, str(file), *into)).status == 0
    file.write_text(csv_of([[ROWS[0][0], "Renamed", ROWS[0][2]], *ROWS[1:-1]]))
    planned = await imported(stack, str(file), *into, "--delete-missing", "--dry-run")
    assert planned.status == 0, planned
    assert "Name 0 → Renamed" in planned.out
    run = planned.out.split("runs approve ")[-1].strip()

    shown = await called(stack, "runs", "show", f"{stack.url}/runs/{run}")
    assert (shown.status, "The first 2 of 2 changes" in shown.out) == (0, True), shown
    assert await contact_count(stack, "Decided by command") == 300

    approved = await called(stack, "runs", "approve", run, "--reason", "Right", "--only", "additions_and_updates")
    assert (approved.status, "succeeded" in approved.out) == (0, True), approved
    assert await contact_count(stack, "Decided by command") == 300
    applied = approved.out.split("Run ")[-1].strip()
    again = await called(stack, "runs", "approve", run)
    assert (again.status, "(plan_void)" in again.err) == (1, True), again

    preview = await called(stack, "runs", "undo", applied, "--dry-run")
    assert (preview.status, "Renamed → Name 0" in preview.out) == (0, True), preview
    undone = await called(stack, "runs", "undo", applied)
    assert (undone.status, "succeeded" in undone.out) == (0, True), undone
    twice = await called(stack, "runs", "undo", applied)
    assert (twice.status, "(not_undoable)" in twice.err) == (1, True), twice
    for arguments in (
        ("show", "latest"),
        ("show", "00000000-0000-0000-0000-000000000000"),
        ("approve", run, "--only", "x"),
    ):
        assert (await called(stack, "runs", *arguments)).status == 2


async def test_a_refused_run_says_how_to_approve_it(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "limited.csv"
    file.write_text(csv_of(ROWS))
    into = ("--manager", "Limited", "--key", "No", "--delete-missing")
    assert (await imported(stack, str(file), *into)).status == 0
    async with stack.client() as client:
        (entry,) = [each for each in (await client.get("/imports")).json()["items"] if each["name"] == "limited.csv"]
        limits = {"options": {"limits": {"deletes": {"count": 10}}}}
        (await client.patch(f"/imports/{entry['id']}", json=limits)).raise_for_status()
    file.write_text(csv_of(ROWS[:200]))
    refused = await imported(stack, str(file), *into)
    assert (refused.status, "(limit_deletes)" in refused.out) == (4, True), refused
    assert "deleted" in refused.out
    run = refused.out.split("runs approve ")[-1].strip()
    assert (await called(stack, "runs", "show", run)).status == 4
    approved = await called(stack, "runs", "approve", run)
    assert approved.status == 0, approved
    assert await contact_count(stack, "Limited") == 200
