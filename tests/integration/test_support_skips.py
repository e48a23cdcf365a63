"""In CI nothing is skipped for want of a program; elsewhere it is, and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.fixture
def browser():
    pytest.skip("chromium is not installed")

def test_by_a_fixture(browser): ...

@pytest.mark.skipif(True, reason="nginx is missing")
def test_by_a_mark(): ...

def test_by_itself():
    pytest.skip("there is no such form of this key")

@pytest.mark.xfail(reason="known")
def test_known():
    assert False

def test_that_passes(): ...
"""


@pytest.mark.parametrize(
    ("ci", "told"),
    [
        ("true", "1 passed, 1 skipped, 1 xfailed, 2 errors"),
        ("false", "1 passed, 3 skipped, 1 xfailed"),
        ("", "1 passed, 3 skipped, 1 xfailed"),
    ],
)
def test_a_missing_program_fails_in_ci_only(tmp_path: Path, ci: str, told: str) -> None:
    (tmp_path / "test_planted.py").write_text(TESTS, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.skips_in_ci", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told in ran.stdout, ran.stdout + ran.stderr
    assert ("Not to be skipped in CI: nginx is missing" in ran.stdout) is (ci == "true")


def test_our_own_tests_are_held_to_it(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("tests.support.skips_in_ci")
