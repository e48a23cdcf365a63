"""Child processes that die with their supervisor, even when that is killed with SIGKILL.

Two ways, because each has a gap: the kernel's parent-death signal (Linux; set by `launch`) and, for our own
services, a pipe that nobody ever writes to: its end of file says that the supervisor is gone.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from services.cli.embedded.launch import set_death_signal

SUPERVISOR_FD = "CONTACTS_SYNC_SUPERVISOR_FD"
LARGE_LOG_BYTES = 16 << 20
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Drop:
    """Whom root turns into for a program that refuses root; `launch` says what each means."""

    user: int
    group: int
    capability: int | None = None
    namespace: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """How a child starts: the signal it gets when we die, as whom it runs, and its working folder."""

    death_signal: int = signal.SIGKILL
    drop: Drop | None = None
    folder: str | None = None

    def argv(self, program: Sequence[str]) -> list[str]:
        """Return the command line that runs the program this way; its children must be ours directly."""
        settings = json.dumps({**asdict(self), "parent": os.getpid()})
        return [sys.executable, "-I", "-S", str(_LAUNCHER), settings, *program]


class Lifeline:
    """The pipe whose end of file tells our services that we are gone; held open by us alone."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    @property
    def fd(self) -> int:
        """Return the end that children inherit."""
        return self._read

    def close(self) -> None:
        """Let go of both ends; every service that is still there then ends."""
        for descriptor in (self._read, self._write):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _opened(log: Path) -> int:
    """Open a log file to append to; one grown large is set aside first, in place of the one before it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGE_LOG_BYTES:
        log.rename(log.with_name(f"{log.name}.1"))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Child:
    """One running child process, in a session of its own so that Ctrl-C in the terminal reaches only us."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._group_may_live = True

    @classmethod
    async def start(
        cls,
        program: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        launch: Launch | None = None,
        lifeline: Lifeline | None = None,
    ) -> Self:
        """Start a program by its full path, its output appended to the log file (mode 0600).

        Must be called on a thread that lives as long as the child may: the parent-death signal follows the
        thread.
        """
        output = _opened(log)
        inherited = () if lifeline is None else (lifeline.fd,)
        told = {} if lifeline is None else {SUPERVISOR_FD: str(lifeline.fd)}
        try:
            process = await asyncio.create_subprocess_exec(
                *(launch or Launch()).argv(program),
                env={**env, **told},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=inherited,
            )
        finally:
            os.close(output)
        return cls(process)

    @property
    def pid(self) -> int:
        """Return the process id; the program has the same one, as it takes the launcher's place."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit status, negative for a signal, or None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end, and take with it what it left behind in its process group."""
        status = await self._process.wait()
        if self._group_may_live:
            # Once, and at once: later the number may be another group's.
            self._group_may_live = False
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return status

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it with SIGKILL, unless it has ended."""
        self.send(signal.SIGKILL)

    async def stop(self, grace: float, *, first: int = signal.SIGTERM) -> int:
        """Ask it to end, after `grace` seconds kill it with its process group; returns its exit status."""
        self.send(first)
        try:
            async with asyncio.timeout(grace):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()


async def supervisor_gone() -> None:
    """Return when the supervisor that started this process is gone; without one, never."""
    text = os.environ.get(SUPERVISOR_FD)
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()
    if text is None:
        await gone
        return
    descriptor = int(text)
    os.set_inheritable(descriptor, False)  # noqa: FBT003 -- the function takes its flag by position only

    def on_end_of_file() -> None:
        if not gone.done():
            gone.set_result(None)

    loop.add_reader(descriptor, on_end_of_file)
    try:
        await gone
    finally:
        loop.remove_reader(descriptor)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends: for a service's worker processes to call first.

    Without it, workers of a process pool outlive a service that was killed. Linux only.
    """
    set_death_signal(signal.SIGKILL)
