"""Starting programs, waiting for conditions and naming missing packages, as tests/support does it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.server_process import REPOSITORY, ServerDidNotStartError, ServerProcess
from tests.support.system_packages import SystemProgram
from tests.support.waiting import until

DEADLINE = 20


async def test_a_program_that_ends_at_once_is_reported_with_what_it_said(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    command = [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]
    process = ServerProcess("quitter", command, log=tmp_path / "log", folder=tmp_path)
    with pytest.raises(ServerDidNotStartError, match=r"(?s)quitter ended with status 3.*no such setting"):
        await process.start(never, within=DEADLINE)


async def test_a_program_that_is_never_ready_is_killed(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    command = [sys.executable, "-c", "import signal; signal.pause()"]
    process = ServerProcess("sleeper", command, log=tmp_path / "log", folder=tmp_path)
    with pytest.raises(ServerDidNotStartError, match="sleeper is ready"):
        await process.start(never, within=0.2)
    assert not psutil.pid_exists(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with the one that started it")
async def test_servers_of_killed_tests_end_too(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib
from tests.support.sftp_server import PasswordSftpServer
async def main():
    async with PasswordSftpServer(pathlib.Path({str(tmp_path)!r})) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    tests = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert tests.stdout is not None
        server = psutil.Process(int(await asyncio.wait_for(tests.stdout.readline(), DEADLINE)))
    finally:
        tests.send_signal(signal.SIGKILL)
        await tests.wait()
    await until(
        lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE,
        within=DEADLINE,
        what="the server has ended",
    )


async def test_until_names_what_it_waited_for_and_the_last_value() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.1 s: three mails; last value: \[\]"):
        await until(list, within=0.1, what="three mails")


async def test_until_returns_the_first_truthy_value_of_sync_and_async_conditions() -> None:
    values = iter([0, 0, 7, 8])
    assert await until(lambda: next(values), within=DEADLINE, what="seven") == 7

    async def condition() -> int:
        return next(values)

    assert await until(condition, within=DEADLINE, what="eight") == 8


async def test_until_ends_a_condition_that_hangs_but_not_its_own_errors() -> None:
    async def hanging() -> bool:
        return await asyncio.Event().wait()

    async def failing() -> bool:
        raise TimeoutError("of the condition itself")

    with pytest.raises(AssertionError, match=r"an answer; last value: .nothing"):
        await until(hanging, within=0.1, what="an answer")
    with pytest.raises(TimeoutError, match="of the condition itself"):
        await until(failing, within=DEADLINE, what="an answer")


def test_a_missing_program_is_named_with_its_package() -> None:
    missing = SystemProgram(("no-such-program",), "no-such-package", "this test")
    assert missing.reason_missing() == (
        "no-such-program is not installed, needed for this test: apt-get install no-such-package"
    )
    assert SystemProgram(("sh",), "dash", "this test").reason_missing() is None
