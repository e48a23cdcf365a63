"""What pages hear of a run: in words, with the parts of its page that change; also of what it waits for."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.web.live.run_stream import run_stream
from services.web.pages.render import live_run
from shared.store.run_end import Outcome
from tests.integration.web.conftest import Web
from tests.integration.web.test_pages import sign_in
from tests.integration.web.test_runs_api import finish, move, queued

EVENT = "event: run\ndata: "


@pytest.fixture
async def told(web: Web) -> AsyncIterator[tuple[dict[str, Any], asyncio.Queue[dict[str, Any]]]]:
    """A queued run, and what its pages hear of it."""
    run = await queued(web)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    resources = web.app.state.resources

    async def listen() -> None:
        async for event in run_stream(resources.database, resources.watch, UUID(run["id"]), live_run):
            if event.startswith(EVENT):
                await heard.put(json.loads(event.removeprefix(EVENT)))

    listening = asyncio.create_task(listen())
    yield run, heard
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_pages_hear_words_and_the_parts_that_change(
    web: Web, told: tuple[dict[str, Any], asyncio.Queue[dict[str, Any]]]
) -> None:
    run, heard = told
    async with asyncio.timeout(20):
        first = await heard.get()
        assert (first["id"], first["state"], first["bytes"], first["rows"]) == (
            run["id"],
            "Waiting to start",
            "0 bytes",
            "0",
        )
        assert "It waits for the scheduler" in first["parts"]["waiting"]
        assert "Getting the file" not in first["parts"]["steps"]
        await web.db.execute("UPDATE runs SET bytes = 3000000, rows_staged = 1234 WHERE id = $1::uuid", run["id"])
        await move(web, run["id"], "fetching")
        second = await heard.get()
        assert (second["state"], second["bytes"], second["rows"]) == ("Getting the file", "2.9 MiB", "1,234")
        assert "<dt>Getting the file</dt>" in second["parts"]["steps"]
        assert "under way" in second["parts"]["steps"]
        assert "It waits for a fetcher" in second["parts"]["waiting"]
        assert not second["has_ended"]
        await finish(web, run["id"], Outcome("failed", "x", "No."))
        assert (await heard.get())["has_ended"]


async def test_what_it_waits_for_is_told_though_the_run_itself_does_not_change(
    web: Web, told: tuple[dict[str, Any], asyncio.Queue[dict[str, Any]]]
) -> None:
    run, heard = told
    async with asyncio.timeout(20):
        await heard.get()
        manager_id = await web.db.fetchval("SELECT manager_id::text FROM runs WHERE id = $1::uuid", run["id"])
        other = await web.new_import(manager_id, name="Other")
        before = (await web.api.post(f"/imports/{other['id']}/runs")).json()
        await web.db.execute("UPDATE runs SET status = 'fetching' WHERE id = $1::uuid", before["id"])
        assert "It waits for its turn" in (await heard.get())["waiting"]


async def test_the_page_of_a_run_has_the_places_for_what_changes(web: Web) -> None:
    await sign_in(web)
    run = await queued(web)
    page = (await web.browser.get(f"/runs/{run['id']}")).text
    for part in ("waiting", "steps"):
        assert f'data-part="{part}" data-of="{run["id"]}"' in page
    await finish_now(web, run["id"])
    ended = (await web.browser.get(f"/runs/{run['id']}")).text
    assert "data-part" not in ended
    heard: httpx.Response = await web.browser.get(f"/runs/{run['id']}/events")
    assert json.loads(heard.text.partition("data: ")[2])["state"] == "Failed"


async def finish_now(web: Web, run_id: str) -> None:
    await move(web, run_id, "fetching")
    await finish(web, run_id, Outcome("failed", "x", "No."))
