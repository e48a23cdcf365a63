"""The demo as a person starts it, and that nothing of it is left afterwards, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.support.server_process import REPOSITORY
from tests.support.waiting import until

MOST_SECONDS = 200  # the time limit on its length is another test's: this one may share the machine
PROCESSES = 10  # database, broker, mail sink, six services, and at the least one server

INVITED = ("Web page", "Login", "Password", "Mails", "SFTP files", "HTTP files", "FTPS files")


class Demo:
    """A running demo: its output, and every process that was seen under it."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path, temporary: Path) -> None:
        self.process = process
        self.temporary = temporary
        self.seen: set[psutil.Process] = set()
        self._log = log

    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def look(self) -> None:
        try:
            self.seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return

    def has_printed(self, text: str) -> bool:
        self.look()
        assert self.process.poll() is None, self.printed()
        return text in self.printed()

    def has_ended(self) -> bool:
        self.look()
        return self.process.poll() is not None

    def left_running(self) -> list[psutil.Process]:
        return [each for each in self.seen if _runs(each)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    temporary = folder / "temporary"
    temporary.mkdir()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "services.cli.main", "demo", "--port", "0", *arguments]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    demo = Demo(process, folder / "demo.log", temporary)
    try:
        yield demo
    finally:
        demo.look()
        process.kill()
        process.wait()
        for each in demo.left_running():
            each.kill()


async def test_every_step_does_what_it_should_and_nothing_is_left(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--once") as demo:
        await until(demo.has_ended, within=MOST_SECONDS, what="the demo ends")
        printed = demo.printed()
        assert demo.process.returncode == 0, printed
        assert "✓ 9 of 9 steps did what they should." in printed
        _, _, table = printed.partition("Summary")
        for number, title in enumerate(
            (
                *("First import", "The next day's file", "The same file again", "The wrong file"),
                *("Taken back", "A file with bad lines", "A refused password"),
                *("The newest of many files", "The mails that went out"),
            ),
            1,
        ):
            assert f"✓ {number}. {title}" in table
        assert len(demo.seen) >= PROCESSES
        assert demo.left_running() == []
        assert list(demo.temporary.iterdir()) == []


async def test_it_keeps_running_to_be_looked_at_until_it_is_interrupted(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        await until(lambda: demo.has_printed("Ctrl-C ends it."), within=MOST_SECONDS, what="all steps are over")
        lines = [line.strip() for line in demo.printed().splitlines()]
        said = {label: line.split()[-1] for label in INVITED for line in lines if line.startswith(f"{label} ")}
        assert said.keys() == set(INVITED)
        assert said["Login"] == "admin"
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
            for page in ("Web page", "Mails"):
                assert (await client.get(said[page])).status_code == 200, said
        demo.process.send_signal(signal.SIGINT)
        await until(demo.has_ended, within=60, what="the demo ends")
        assert demo.process.returncode == 0, demo.printed()
        assert len(demo.seen) >= PROCESSES
        assert demo.left_running() == []
        assert list(demo.temporary.iterdir()) == []


async def test_what_it_started_ends_when_it_is_killed(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        await until(lambda: demo.has_printed("Ready after"), within=MOST_SECONDS, what="everything runs")
        demo.process.kill()
        assert len(demo.seen) >= PROCESSES
        await until(lambda: not demo.left_running(), within=60, what="all its processes end")
