"""Programs that say in one line of JSON that they are ready, then run until told, and die with us in any case."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from services.cli.embedded.child import Launch
from shared.errors import TransientError

_TAIL_BYTES = 2000


class ReadyChild:
    """One such program, a module of ours; errors call it by its name.

    It has a session of its own, so that Ctrl-C in the terminal reaches only us. Start it from the main thread: the
    kernel's signal at our death follows the thread. SIGTERM is that signal, so that a program which has children of
    its own can still end them.
    """

    def __init__(self, name: str, process: "subprocess.Popen[str]", log: Path, grace: float) -> None:
        self._name = name
        self._process = process
        self._log = log
        self._grace = grace

    @classmethod
    def start(
        cls,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        grace: float,
    ) -> Self:
        """Start `python -m module arguments`, its standard error appended to the log; does not wait for it."""
        launch = Launch(death_signal=signal.SIGTERM)
        with log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                launch.argv([sys.executable, "-m", module, *arguments]),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
        return cls(name, process, log, grace)

    def ready(self) -> dict[str, Any]:
        """Return what it says when it is ready; TransientError `child_not_started` with its last words if it ends."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise TransientError("child_not_started", f"The {self._name} did not start. {self.last_words()}".strip())
        said: dict[str, Any] = json.loads(line)
        return said

    def wait(self) -> None:
        """Return when it has ended by itself."""
        self._process.wait()

    def last_words(self) -> str:
        """Return the end of what it wrote to standard error."""
        return self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()

    def stop(self) -> None:
        """Ask it to end, after its grace kill it with its process group; return when it is gone."""
        self._process.terminate()
        try:
            self._process.wait(self._grace)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
