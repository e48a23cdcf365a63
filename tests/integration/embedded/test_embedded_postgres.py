"""The embedded Postgres: closed to others, and back after any crash."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from services.cli.embedded import postgres_user
from services.cli.embedded.child import Drop
from services.cli.embedded.postgres import EmbeddedPostgres
from shared.errors import UserError
from tests.integration.embedded.processes import family, living
from tests.support.waiting import until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
    await postgres.start()
    try:
        yield postgres
    finally:
        await postgres.stop()


def started_program(line: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line.split(), start_new_session=True)


def kernel_status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def command_line(pid: int) -> str:
    """Return how a process was started; of one that has ended since, nothing."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return ""


async def test_only_who_knows_the_password_gets_in(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres:
        parts = urlsplit(postgres.dsn)
        assert parts.hostname == "127.0.0.1"
        for password in ("", "wrong"):
            for user in ("postgres", "contacts_sync"):
                with pytest.raises(asyncpg.InvalidPasswordError):
                    await asyncpg.connect(
                        host="127.0.0.1", port=parts.port, user=user, password=password, database="postgres"
                    )
        for name in ("password", "superuser_password"):
            assert stat.S_IMODE((tmp_path / "postgres" / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "postgres" / "data").stat().st_mode) == 0o700
        async with connected(postgres.dsn) as connection:
            shown = {
                name: await connection.fetchval("SELECT current_setting($1)", name)
                for name in ("fsync", "is_superuser", "unix_socket_directories", "listen_addresses")
            }
            hashed = await connection.fetchval("SELECT rolpassword IS NULL FROM pg_roles LIMIT 1")
        assert shown == {
            "fsync": "on",
            "is_superuser": "off",
            "unix_socket_directories": "",
            "listen_addresses": "127.0.0.1",
        }
        assert hashed is False
        password = parts.password or ""
        assert password
        assert password not in (tmp_path / "postgres.log").read_text()
        assert all(password not in command_line(pid) for pid in family(postgres.pid))


async def test_text_sorts_by_code_point(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres, connected(postgres.dsn) as connection:
        rows = await connection.fetch("SELECT x FROM unnest($1::text[]) x ORDER BY x", ["b", "a", "B", "ä", "Z"])
    assert [row["x"] for row in rows] == ["B", "Z", "a", "b", "ä"]


async def test_the_log_holds_no_value_of_a_row_that_broke_a_constraint(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres, connected(postgres.dsn) as connection:
        await connection.execute("CREATE TABLE contact (id text PRIMARY KEY)")
        await connection.execute("INSERT INTO contact VALUES ('canary-4711')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO contact VALUES ('canary-4711')")
    log = (tmp_path / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary" not in log


async def test_what_was_committed_survives_a_kill_on_the_same_address(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres:
        dsn = postgres.dsn
        async with connected(dsn) as connection:
            await connection.execute("CREATE TABLE t AS SELECT 7 AS a")
        everyone = family(postgres.pid)
        postgres.kill()
        assert await postgres.wait() == -signal.SIGKILL
        await until(lambda: not living(everyone), within=5, what="all of its processes are gone")
        assert await postgres.start() == dsn
        async with connected(dsn) as connection:
            assert await connection.fetchval("SELECT a FROM t") == 7


async def test_orphans_of_a_killed_postmaster_do_not_stand_in_the_way(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres:
        connection = await asyncpg.connect(postgres.dsn)
        sleeping = asyncio.create_task(connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)"))
        await until(
            lambda: any("SELECT" in " ".join(psutil.Process(pid).cmdline()) for pid in family(postgres.pid)),
            within=5,
            what="a backend at work",
        )
        everyone = family(postgres.pid)
        os.kill(postgres.pid, signal.SIGKILL)
        await postgres.wait()
        assert living(everyone), "this test needs a backend that outlives its postmaster"
        await postgres.start()
        assert not living(everyone)
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await sleeping


async def test_a_predecessor_that_still_runs_is_ended(tmp_path: Path) -> None:
    first = EmbeddedPostgres(tmp_path / "postgres", tmp_path / "postgres.log")
    await first.start()
    everyone = family(first.pid)
    async with running(tmp_path):
        assert not living(everyone)
    await first.wait()


@pytest.mark.parametrize("state", ["recycled", "waiting to be reaped", "gone", "cut short"])
async def test_the_lock_of_a_postmaster_that_is_no_more_does_not_stand_in_the_way(tmp_path: Path, state: str) -> None:
    async with running(tmp_path):
        pass
    someone = started_program("sleep 600" if state == "recycled" else "true")
    if state == "waiting to be reaped":
        await until(lambda: psutil.Process(someone.pid).status() == psutil.STATUS_ZOMBIE, within=5, what="a zombie")
    elif state == "gone":
        someone.wait()
    lock = tmp_path / "postgres" / "data" / "postmaster.pid"
    lock.write_text("" if state == "cut short" else f"{someone.pid}\n{lock.parent}\n1\n5432\n\n127.0.0.1\n")
    try:
        async with running(tmp_path) as postgres, connected(postgres.dsn) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        assert state != "recycled" or someone.poll() is None
    finally:
        someone.kill()
        someone.wait()


async def test_another_stack_next_door_is_left_alone(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as one, running(tmp_path / "two") as two:
        two.kill()
        await two.wait()
        await two.start()
        async with connected(one.dsn) as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_a_first_start_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new" / "cluster"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    async with running(tmp_path) as postgres, connected(postgres.dsn) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    assert sorted(path.name for path in (tmp_path / "postgres").iterdir()) == [
        "data",
        "password",
        "superuser_password",
    ]


async def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    async with running(tmp_path) as postgres:
        everyone = family(postgres.pid)
    assert not living(everyone)
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


@needs_root
async def test_root_keeps_no_capability_where_the_folder_can_be_reached(open_folder: Path) -> None:
    async with running(open_folder) as postgres:
        status = kernel_status(postgres.pid)
    assert psutil.Process().uids().real == 0
    assert "CapEff:\t0000000000000000" in status
    assert "Uid:\t0" not in status


@needs_root
@pytest.mark.parametrize(
    "ways",
    [
        pytest.param([Drop(65534, 65534, capability=2)], id="read-and-search"),
        pytest.param([Drop(65534, 65534, capability=1)], id="override"),
        pytest.param([Drop(65534, 65534, namespace=True)], id="user-namespace"),
        pytest.param([Drop(65534, 65534), Drop(65534, 65534, namespace=True)], id="second-way"),
    ],
)
async def test_root_can_run_it_below_a_closed_folder(
    open_folder: Path, ways: list[Drop], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres_user, "_candidates", lambda *_: iter(ways))
    async with running(closed) as postgres, connected(postgres.dsn) as connection:
        assert await connection.fetchval("SELECT 1") == 1


@needs_root
async def test_a_folder_made_one_way_is_run_another_way(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in (Drop(65534, 65534), Drop(65534, 65534, namespace=True), Drop(65534, 65534)):
        monkeypatch.setattr(postgres_user, "_candidates", lambda *_, way=way: iter([way]))
        async with running(open_folder) as postgres, connected(postgres.dsn) as connection:
            assert await connection.fetchval("SELECT 1") == 1


@needs_root
async def test_where_nothing_works_the_error_says_what_to_do(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres_user, "_candidates", lambda *_: iter([Drop(65534, 65534)]))
    with pytest.raises(UserError, match="ordinary user") as raised:
        await EmbeddedPostgres(closed / "postgres", closed / "log").start()
    assert raised.value.code == "postgres_needs_user"
