"""A crowd of small imports that are due in the same second, and somebody who wants another one now."""

from pathlib import Path

from tests.support.crowd_of_imports import ROWS, run_crowd
from tests.support.http_server import HttpServer
from tests.support.stack import Stack


async def test_all_of_a_crowd_is_applied_once_and_nobody_else_waits_for_it(
    stack: Stack, tmp_path: Path, *, is_long: bool
) -> None:
    imports = 1_000 if is_long else 100
    async with HttpServer(tmp_path / "http") as server:
        outcome = await run_crowd(stack, server, imports=imports, managers=20, within=240)
    assert outcome.statuses == {"succeeded": imports}
    assert (outcome.runs, outcome.contacts) == (imports, imports * ROWS)
    assert outcome.now_started < outcome.seconds / 4
