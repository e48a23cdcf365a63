"""The exit status, with steps in place of those that need servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.demo import command
from services.cli.demo.scene import FileServer, Installation, Scene
from services.cli.demo.step import Facts, Step
from shared.errors import TransientError

RIGHT = Step("Right", "It goes right.", ("done", "2 contacts"), lambda: ("done", "2 contacts"))
WRONG = Step("Wrong", "It goes wrong.", ("done", "2 contacts"), lambda: ("done", "3 contacts"))
MORE = Step("More", "It does too much.", ("done",), lambda: ("done", "more than that"))


def _break_off() -> Facts:
    raise TransientError("not_there", "[It] is not there.")


BROKEN = Step("Broken", "It breaks off.", ("done",), _break_off)


@contextmanager
def _no_scene(data: Path | None, port: int) -> Iterator[Scene]:
    server = FileServer("sftp://127.0.0.1:1", Path("/"), "demo", "pw")
    url = "http://127.0.0.1:1"
    stack = None  # only waited for without --once
    yield Scene(Installation(url, "admin", "pw-canary", "token-canary", Path("/"), url, stack), server, server, server)  # type: ignore[arg-type]


def _run(monkeypatch: pytest.MonkeyPatch, *steps: Step) -> tuple[int, str]:
    monkeypatch.setattr(command, "open_scene", _no_scene)
    monkeypatch.setattr(command, "make_steps", lambda *_: list(steps))
    result = CliRunner().invoke(command.app, ["--once"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_all_steps_right_is_success(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = _run(monkeypatch, RIGHT, RIGHT)
    assert status == 0
    assert "✓ 2 of 2 steps did what they should." in output
    assert "✗" not in output


@pytest.mark.parametrize(("step", "shown"), [(WRONG, "3 contacts"), (MORE, "more than that")])
def test_a_step_with_another_outcome_is_failure(monkeypatch: pytest.MonkeyPatch, step: Step, shown: str) -> None:
    status, output = _run(monkeypatch, RIGHT, step, RIGHT)
    assert status == 1
    assert f"instead: {shown}" in output
    assert "✗ 2 of 3 steps did what they should." in output


def test_a_step_that_breaks_off_is_failure_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = _run(monkeypatch, RIGHT, BROKEN, RIGHT)
    assert status == 1
    assert "[It] is not there. (not_there)" in output
    assert "not reached" in output
    assert "✗ 1 of 3 steps did what they should." in output


def test_once_shows_no_way_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    _, output = _run(monkeypatch, RIGHT)
    assert "canary" not in output
