"""Each sentence of the user's page is done twice: with a mouse, and with the keyboard alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from tests.support.browser_page import running_browser, visitor_of
from tests.support.file_server import FileServer, ServedFile
from tests.support.finished_by_hand import Finished, finish
from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.imports import csv_of
from tests.support.set_up_by_hand import ManagerByHand, make_manager
from tests.support.stack import Stack

FIELDS = {"No": "text", "Name": "text", "Email": "email", "Town": "text"}
PEOPLE = 20


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def visitor(browser: Browser, embedded_stack: Stack) -> BrowserContext:
    """Somebody in Berlin who has signed in."""
    return await visitor_of(browser, embedded_stack, zone="Europe/Berlin")


@pytest_asyncio.fixture(loop_scope="session", params=[Mouse, Keyboard], ids=["mouse", "keyboard"])
async def hands(request: pytest.FixtureRequest, visitor: BrowserContext) -> AsyncIterator[Hands]:
    page = await visitor.new_page()
    yield request.param(page)
    await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def manager(hands: Hands, embedded_stack: Stack, client: httpx.AsyncClient) -> ManagerByHand:
    """A contact manager without contacts."""
    return await make_manager(hands, embedded_stack, client, FIELDS)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def server() -> AsyncIterator[FileServer]:
    async with FileServer() as running:
        yield running


@pytest.fixture
def served(server: FileServer, manager: ManagerByHand) -> ServedFile:
    return ServedFile(server, f"/{manager.id}/people.csv")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def finished(
    visitor: BrowserContext, server: FileServer, embedded_stack: Stack
) -> AsyncIterator[dict[type[Hands], Finished]]:
    """What was finished with each of both, all before anything is waited for."""
    found: dict[type[Hands], Finished] = {}
    async with embedded_stack.client() as client:
        for kind in (Mouse, Keyboard):
            page = await visitor.new_page()
            manager = await make_manager(kind(page), embedded_stack, client, FIELDS)
            found[kind] = await finish(manager, ServedFile(server, f"/{manager.id}/people.csv"))
            await page.close()
        yield found
        for each in found.values():
            for entry in await each.manager.imports():
                await client.delete(f"/imports/{entry['id']}")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of twenty people on the computer."""
    file = tmp_path / "people.csv"
    rows = [[f"{number:03}", f"Name {number}", f"p{number}@example.com"] for number in range(PEOPLE)]
    file.write_text(csv_of(rows), encoding="utf-8")
    return file
