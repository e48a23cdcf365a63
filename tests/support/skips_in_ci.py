"""A plugin of pytest: in CI a test that could be skipped for want of a program fails, so that nothing passes unseen.

Where the environment variable `CI` is set, only what the machine itself rules out may be left out.
"""

import os
import re
from collections.abc import Generator
from typing import Final

import pytest

MAY_BE_LEFT_OUT: Final = (
    r"only root can become an ordinary user for this test",
    r"only root has to become another user",
    r"the FTP servers are run as root only",
    r"ProFTPD is run as root only",
    r"Postfix has to be started by root",
    r"only Linux ends a program with the one that started it",
    r"only glibc can be told",
    r"there is no such form of this key",
    r"initdb of the package pgserver is not installed for this system\..*",  # no wheel of it for Python 3.13 and later
)
_NOT_SET: Final = frozenset({"", "0", "false"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test fail that was skipped for a reason which must not be in CI."""
    report = yield
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI", "").lower() in _NOT_SET:
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not any(re.fullmatch(each, reason) for each in MAY_BE_LEFT_OUT):
        report.outcome = "failed"
        report.longrepr = f"Not to be skipped in CI: {reason}"
    return report
