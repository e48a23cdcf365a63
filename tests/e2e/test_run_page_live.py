"""The page of a run while it goes on: its steps, and what it waits for, are told without a reload."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.support.browser_page import READ, running_browser, signed_in
from tests.support.hostile_http import HostileHttpServer, Request, send_head
from tests.support.imports import csv_of, set_up_import
from tests.support.stack import Stack

PAUSE = "/operations/applies-pause"
FILE = csv_of([["1", "One", "one@example.com"]]).encode()


async def test_steps_and_what_a_run_waits_for_are_live(tmp_path: Path) -> None:
    """The switch that lets no run write is for all, so the stack is this test's own."""
    gate = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await send_head(writer, 200, Content_Length=len(FILE))
        if request.method != "HEAD":
            writer.write(FILE)
            await writer.drain()

    async with (
        Stack(tmp_path / "data") as stack,
        stack.client() as client,
        HostileHttpServer(answer) as server,
        running_browser() as browser,
    ):
        importing = await set_up_import(client, {"kind": "remote", "url": server.url("/people.csv")})
        (await client.put(PAUSE, json={})).raise_for_status()
        run_id = (await client.post(f"/imports/{importing.import_id}/runs", json={})).json()["id"]
        page = await signed_in(browser, stack)
        await page.goto(f"{stack.url}/runs/{run_id}")
        steps, waiting = page.locator("[data-part=steps]"), page.locator("[data-part=waiting]")
        await expect(steps).to_contain_text("Getting the file", timeout=READ)
        await expect(waiting).not_to_contain_text("all applies are paused")
        await page.evaluate("document.body.dataset.stays = 'yes'")
        gate.set()
        await expect(waiting).to_contain_text("all applies are paused", timeout=READ)
        await expect(steps).to_contain_text("Comparing with the contacts")
        await expect(steps.locator("time").first).to_have_attribute("data-local", "yes")
        await expect(page.locator("body")).to_have_attribute("data-stays", "yes")
        (await client.delete(PAUSE)).raise_for_status()
        await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=READ)
