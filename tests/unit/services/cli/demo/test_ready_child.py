"""With real child processes: small programs of this test's own."""

import os
import time
from pathlib import Path

import psutil
import pytest

from services.cli.demo.ready_child import ReadyChild
from shared.errors import TransientError

OBEDIENT = "import signal; print('{\"port\": 7}', flush=True); signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"port": 7}', flush=True)
while True:
    signal.pause()
"""
FAILING = "import sys; sys.exit('The port is taken.')"


def _start(folder: Path, code: str, *, grace: float = 10) -> ReadyChild:
    (folder / "program.py").write_text(code)
    environment = dict(os.environ) | {"PYTHONPATH": str(folder)}
    return ReadyChild.start("program", "program", [], log=folder / "program.log", environment=environment, grace=grace)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def test_it_says_when_it_is_ready_and_is_gone_once_stopped(tmp_path: Path) -> None:
    before = _children()
    child = _start(tmp_path, OBEDIENT)
    try:
        assert child.ready() == {"port": 7}
        assert len(_children() - before) == 1
    finally:
        child.stop()
    assert _children() <= before


def test_one_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    before = _children()
    child = _start(tmp_path, STUBBORN, grace=0.2)
    child.ready()
    begun = time.monotonic()
    child.stop()
    assert time.monotonic() - begun >= 0.2
    assert _children() <= before


def test_the_last_words_of_one_that_did_not_start_are_told(tmp_path: Path) -> None:
    child = _start(tmp_path, FAILING)
    try:
        with pytest.raises(TransientError, match=r"The program did not start\. The port is taken\."):
            child.ready()
    finally:
        child.stop()
