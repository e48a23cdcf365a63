"""Children that end with their supervisor, and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from services.cli.embedded import child as child_module
from services.cli.embedded.child import Child, Launch
from tests.integration.embedded.processes import living
from tests.support.waiting import until

HERE = Path(__file__).parent

# Says its children's ids and waits to be killed. The second child is deaf to the pipe and to SIGTERM.
SUPERVISOR = """
import asyncio, os, sys
from pathlib import Path
from services.cli.embedded.child import Child, Lifeline
async def main():
    children = [
        await Child.start([sys.executable, "-c", program], env=dict(os.environ), log=Path(sys.argv[1]))
        for program in ("import time; print('up', flush=True); time.sleep(600)",
                        "import signal, time; signal.signal(15, 1); print('up', flush=True); time.sleep(600)")
    ]
    print(*(child.pid for child in children), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""

LISTENER = """
import asyncio
from services.cli.embedded.child import supervisor_gone
print("listening", flush=True)
asyncio.run(supervisor_gone())
print("gone", flush=True)
"""


def test_children_die_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        pids = [int(word) for word in supervisor.stdout.readline().split()]
    log = tmp_path / "log"
    try:
        # Until then their launchers would see for themselves that nobody is there.
        asyncio.run(until(lambda: log.read_text() == "up\nup\n", within=10, what="both run"))
        assert len(living(pids)) == 2
        supervisor.kill()
        supervisor.wait()
        asyncio.run(until(lambda: not living(pids), within=5, what="the children are gone"))
    finally:
        supervisor.kill()
        supervisor.wait()
        for pid in living(pids):
            os.kill(pid, signal.SIGKILL)


def test_a_service_sees_the_end_of_its_supervisor() -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", LISTENER],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[read],
        env={**os.environ, "CONTACTS_SYNC_SUPERVISOR_FD": str(read)},
    )
    os.close(read)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == "listening\n"
        assert process.poll() is None
        os.close(write)
        assert said.readline() == "gone\n"
    assert process.wait(10) == 0


async def test_a_child_has_a_session_of_its_own_and_its_output_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    program = "import os; print(os.getsid(0), os.getpid(), oct(os.umask(0)))"
    child = await Child.start([sys.executable, "-c", program], env=dict(os.environ), log=log)
    assert await child.wait() == 0
    session, pid, umask = log.read_text().split()
    assert int(session) == int(pid) == child.pid
    assert umask == "0o77"
    assert log.stat().st_mode & 0o777 == 0o600


async def test_what_a_child_left_in_its_group_goes_with_it(tmp_path: Path) -> None:
    program = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    log = tmp_path / "log"
    child = await Child.start([sys.executable, "-c", program], env=dict(os.environ), log=log)
    await child.wait()
    grandchild = int(log.read_text())
    await until(lambda: not living([grandchild]), within=5, what="the grandchild is gone")


async def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    log = tmp_path / "log"
    child = await Child.start([sys.executable, "-c", program], env=dict(os.environ), log=log)
    await until(lambda: "deaf" in log.read_text(), within=5, what="the child ignores SIGTERM")
    assert await child.stop(0.1) == -signal.SIGKILL


async def test_a_log_grown_large_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "LARGE_LOG_BYTES", 5)
    log = tmp_path / "log"
    for text in ("12345", "6", "7", "123456", "8"):
        await (await Child.start(["/bin/echo", text], env={}, log=log)).wait()
    assert (log.read_text(), (tmp_path / "log.1").read_text()) == ("8\n", "6\n7\n123456\n")


async def test_a_program_that_is_not_there_is_named_in_the_log(tmp_path: Path) -> None:
    child = await Child.start(["/no/such/program"], env={}, log=tmp_path / "log")
    assert await child.wait() == 127
    assert "/no/such/program could not be started" in (tmp_path / "log").read_text()


def test_a_child_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    argv = Launch().argv([sys.executable, "-c", f"open({str(marker)!r}, 'w')"])
    argv[4] = argv[4].replace(f'"parent": {os.getpid()}', f'"parent": {psutil.Process().ppid()}')
    assert subprocess.run(argv, check=False).returncode == 127
    assert not marker.exists()
