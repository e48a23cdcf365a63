"""Every page, light and dark, wide and narrow: axe finds nothing, no script fails, no other host is asked; its size."""

import base64
import json
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from services.web.app import create_app
from services.web.settings import Settings
from tests.integration.web.routes import our_routes
from tests.support.browser_page import SIZE, running_browser
from tests.support.file_server import FileServer, ServedFile
from tests.support.first_load import first_load
from tests.support.hands import Mouse
from tests.support.page_states import MESSY_FIELDS, after_wrong_forms, through_schedule, through_set_up, wrong_forms
from tests.support.page_tour import PageTour, Words
from tests.support.set_up_by_hand import make_manager
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_PAGES = re.compile(r".*(\.csv|\.json|/runs/.*/events)|/imports/dry-runs/.*")
"""Files, streams, parts of pages."""
WIDTHS = (1280, 390)
MOST_BYTES = 150_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def addresses(embedded_stack: Stack) -> list[str]:
    """Where something of everything is shown."""
    async with embedded_stack.client() as client:
        return await PageTour(client, Words()).addresses(embedded_stack)


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, embedded_stack: Stack) -> AsyncIterator[dict[str, BrowserContext]]:
    """Somebody who has signed in, for light and for dark pages."""
    contexts = {}
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)
        page = await context.new_page()
        await page.goto(f"{embedded_stack.url}/login")
        await page.fill("[name=login]", str(embedded_stack.ready["login"]))
        await page.fill("[name=password]", str(embedded_stack.ready["password"]))
        await page.click("button.main")
        await page.wait_for_url(f"{embedded_stack.url}/")
        await page.close()
        contexts[scheme] = context
    yield contexts
    for context in contexts.values():
        await context.close()


async def test_all_pages_are_looked_at(addresses: list[str]) -> None:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    settings = Settings.model_validate({"secrets": {"keys": [key]}, "postgres": {"dsn": "postgresql://nobody@none/x"}})
    seen = [address.partition("?")[0] for address in addresses]
    missing = []
    for route in our_routes(create_app(settings)):
        if not route.is_page or route.method != "GET" or NO_PAGES.fullmatch(route.path):
            continue
        pattern = re.sub(r"\\\{\w+(:\w+)?\\\}", "[^/]+", re.escape(route.path))
        if not any(re.fullmatch(pattern, address) for address in seen):
            missing.append(route.path)
    assert missing == []


@pytest.mark.timeout(600)
async def test_nothing_is_wrong_with_any_page(
    visitors: dict[str, BrowserContext], addresses: list[str], embedded_stack: Stack
) -> None:
    faults: list[str] = []
    for scheme, visitor in visitors.items():
        page = await visitor.new_page()
        told = Told(page, embedded_stack.url)
        for address in addresses:
            await page.goto(f"{embedded_stack.url}{address}")
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 900})
                faults += [f"{address} ({scheme}, {width} px): {fault}" for fault in await _faults(page)]
            faults += [f"{address} ({scheme}): {fault}" for fault in told.faults]
            told.faults.clear()
        await page.close()
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(900)
async def test_nothing_is_wrong_with_what_pages_become(
    visitors: dict[str, BrowserContext], addresses: list[str], embedded_stack: Stack, tmp_path: Path
) -> None:
    (webhook,) = (address for address in addresses if address.startswith("/webhooks/"))
    faults: list[str] = []
    seen: list[str] = []
    async with embedded_stack.client() as client, FileServer() as server:
        for scheme, visitor in visitors.items():
            page = await visitor.new_page()
            listening = Told(page, embedded_stack.url)
            manager = await make_manager(Mouse(page), embedded_stack, client, MESSY_FIELDS)
            forms = wrong_forms(f"/managers/{manager.id}", webhook)
            for states in (
                through_set_up(manager, tmp_path),
                through_schedule(manager, ServedFile(server, f"/{scheme}.csv")),
                after_wrong_forms(page, embedded_stack.url, forms),
            ):
                async for state in states:
                    seen.append(state)
                    for width in WIDTHS:
                        await page.set_viewport_size({"width": width, "height": 900})
                        faults += [f"{state} ({scheme}, {width} px): {fault}" for fault in await _faults(page)]
                    await page.set_viewport_size(SIZE)
            faults += [f"{scheme}: {fault}" for fault in listening.faults]
            await page.close()
    assert len(seen) > 2 * 20
    assert not faults, "\n".join(faults)


async def test_little_comes_for_a_page_that_was_never_seen(
    browser: Browser, visitors: dict[str, BrowserContext], addresses: list[str], embedded_stack: Stack
) -> None:
    state = await visitors["light"].storage_state()
    weights = {
        address: (await first_load(browser, f"{embedded_stack.url}{address}", state)).bytes for address in addresses
    }
    assert min(weights.values()) > 1000
    assert {address: weight for address, weight in weights.items() if weight > MOST_BYTES} == {}


class Told:
    """What a browser tells of a page: scripts that failed, errors on its console, what it asked of other hosts."""

    def __init__(self, page: Page, root: str) -> None:
        self.faults: list[str] = []
        self._root = root
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._note)
        page.on("request", self._check)

    def _note(self, told: ConsoleMessage) -> None:
        # Of a page that is not there and of forms that are refused, which are looked at too.
        if told.type == "error" and not re.search(r"status of (404|422|409)", told.text):
            self.faults.append(told.text)

    def _check(self, asked: Request) -> None:
        if not asked.url.startswith((f"{self._root}/", "data:")):
            self.faults.append(f"asks {asked.url}")


async def _faults(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    faults = [f"{each['id']}: {each['help']}: {json.dumps([n['target'] for n in each['nodes']][:5])}" for each in found]
    overflows = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return faults + (["is wider than the screen"] if overflows else [])
