"""Requests made up from the OpenAPI document, good and broken ones: the API answers each without a fault of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stack import Stack

ALL_EXAMPLES = 200
TENTH = 20
WORKERS = 1
"""Two of them read the same strategies of Hypothesis at once, which is not made for that: Python's parser fails."""
# Tests of connections and previews reach out to servers with made up names: they hear soon that there are none.
SOON = {"CONTACTS_SYNC_FETCHER__CONNECT_SECONDS": "1", "CONTACTS_SYNC_FETCHER__IDLE_SECONDS": "1"}


@pytest.fixture
async def own_stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """What is made up also pauses all applies, and deletes."""
    async with Stack(tmp_path / "data", settings=SOON) as stack:
        yield stack


@pytest.mark.timeout(3600)
async def test_no_request_makes_the_api_fail(own_stack: Stack, tmp_path: Path, *, is_long: bool, seed: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{own_stack.url}/api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {own_stack.ready['api_token']}",
        "--checks",
        "not_a_server_error",
        "--max-examples",
        str(ALL_EXAMPLES if is_long else TENTH),
        "--workers",
        str(WORKERS),
        "--request-timeout",
        "30",
        "--seed",
        str(seed),
        "--no-color",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    report = told.decode(errors="replace")
    assert process.returncode == 0, report[-8000:]
    assert "Tested" in report, report[-8000:]
