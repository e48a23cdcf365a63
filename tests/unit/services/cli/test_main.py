"""The command's table of contents."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from services.cli.main import COMMANDS, app

HEAVY = ("aiokafka", "asyncpg", "cryptography", "fastapi", "faststream", "httpx", "obstore", "pydantic", "uvicorn")


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    assert all(f" {name} " in shown.output for name in COMMANDS)


def test_the_list_of_commands_needs_nothing_heavy() -> None:
    program = f"import services.cli.main, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"contacts-sync {name}" in shown.output


def test_a_mistyped_option_is_a_matter_of_usage() -> None:
    shown = CliRunner().invoke(app, ["migrate", "--nope"])
    assert shown.exit_code == 2
    assert "Traceback" not in shown.output


def test_it_runs_as_a_module() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "run", "nobody"], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "scheduler, fetcher" in shown.stderr
