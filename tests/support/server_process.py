"""One server program as a child process: started, waited for, stopped by its pid, with its output kept."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tests.support.waiting import until

REPOSITORY = Path(__file__).parents[2]
_TAIL = 4_000


class ServerDidNotStartError(Exception):
    """The program ended, or was not ready in time; the message holds the end of what it printed."""


class ServerProcess:
    """A program that runs until it is stopped.

    `log` is a file that gets stdout and stderr of every start, one after the other. Where Linux's
    `setpriv` exists, the program is killed with the thread that started it, so that tests which are
    killed themselves leave nothing behind; start it from the main thread, not from a pool's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._command = [str(part) for part in command]
        self._log = log
        self._folder = folder
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @classmethod
    def of_module(
        cls,
        name: str,
        module: str,
        arguments: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> "ServerProcess":
        """Return the process of `python -m module arguments`, run from this repository's root."""
        command = [sys.executable, "-m", module, *arguments]
        environment = {"PYTHONPATH": str(REPOSITORY), **(environment or {})}
        return cls(name, command, log=log, folder=REPOSITORY, environment=environment)

    @property
    def pid(self) -> int:
        """The pid of the newest start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """The status with which the newest start ended; None while it runs."""
        return None if self._process is None else self._process.poll()

    def printed(self) -> str:
        """What it printed since its newest start."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def ready_line(self) -> dict[str, object] | None:
        """Return the first whole line of its output that is a JSON object, as our own programs print it."""
        for line in self.printed().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                fields: dict[str, object] = json.loads(line)
                return fields
        return None

    async def start(self, ready: Callable[[], Awaitable[bool]], *, within: float) -> None:
        """Start the program and return when `ready` is true; on failure nothing runs on.

        Raise ServerDidNotStartError when the program ends, or is not ready `within` so many seconds.
        """
        if self.running:
            raise RuntimeError(f"{self.name} already runs, pid {self.pid}")
        self._launch()
        try:
            await until(lambda: self._ready_or_ended(ready), within=within, what=f"{self.name} is ready")
        except AssertionError as too_late:
            self.kill()
            raise ServerDidNotStartError(f"{too_late}; {self._end_of_log()}") from None
        except BaseException:
            self.kill()
            raise

    async def stop(self, *, within: float = 10) -> None:
        """Ask it to stop (SIGTERM), and kill it and its children when it has not `within` so many seconds."""
        if self._process is None or not self.running:
            return
        children = self._children()
        self._process.terminate()
        with contextlib.suppress(AssertionError):
            await until(lambda: not self.running, within=within, what=f"{self.name} stops")
        self.kill()
        _kill(children)

    def kill(self) -> None:
        """Kill it and its children (SIGKILL), and return when it is gone."""
        if self._process is None:
            return
        children = self._children()
        if self.running:
            self._process.kill()
        self._process.wait(timeout=10)
        _kill(children)

    def _launch(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = self._command
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "KILL", "--", *command]
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=os.environ | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it in order
            )

    async def _ready_or_ended(self, ready: Callable[[], Awaitable[bool]]) -> bool:
        if not self.running:
            ended = f"{self.name} ended with status {self.returncode}"
            raise ServerDidNotStartError(f"{ended}; {self._end_of_log()}")
        return await ready()

    def _end_of_log(self) -> str:
        return f"its output ends:\n{self.printed()[-_TAIL:]}"

    def _children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        # psutil compares the start time as well, so that a pid that was given away is left alone.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
