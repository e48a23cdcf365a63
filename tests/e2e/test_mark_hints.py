"""The list of errors behind a yellow mark: by a tap as well as by hover and focus, and Escape closes it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser_page import running_browser, signed_in, visitor_of
from tests.support.imports import set_up_import
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

NO_SERVER = {"kind": "remote", "url": "http://127.0.0.1:9/people.csv"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(embedded_stack: Stack) -> str:
    """Where an import with a yellow mark is listed."""
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, NO_SERVER)
        assert (await importing.run())["status"] == "failed"
    return f"{embedded_stack.url}/managers/{importing.manager_id}/imports"


async def listed(page: Page, home: str) -> tuple[Locator, Locator]:
    """Open the list; return the mark, and its errors, which are hidden."""
    await page.goto(home)
    errors = page.get_by_role("tooltip", include_hidden=True)
    await expect(errors).to_be_hidden()
    return page.locator("#imports .mark"), errors


async def test_a_tap_shows_the_errors_and_the_next_one_leads_to_the_run(
    browser: Browser, embedded_stack: Stack, home: str
) -> None:
    phone = await visitor_of(browser, embedded_stack, has_touch=True)
    page = await phone.new_page()
    mark, errors = await listed(page, home)
    await mark.tap()
    await expect(errors).to_be_visible()
    await expect(errors).to_contain_text("127.0.0.1")
    assert page.url == home
    await page.get_by_role("heading", name="Synchronization").tap()
    await expect(errors).to_be_hidden()
    await mark.tap()
    await expect(errors).to_be_visible()
    await mark.tap()
    await page.wait_for_url("**/runs/*")
    await phone.close()


@pytest.mark.parametrize("by", ["hover", "focus"])
async def test_escape_closes_what_hover_and_focus_show(
    browser: Browser, embedded_stack: Stack, home: str, by: str
) -> None:
    page = await signed_in(browser, embedded_stack)
    mark, errors = await listed(page, home)
    show = mark.hover if by == "hover" else mark.focus
    await show()
    await expect(errors).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(errors).to_be_hidden()
    await page.mouse.move(1, 1)
    await page.get_by_role("link", name="Edit").first.focus()
    await show()
    await expect(errors).to_be_visible()
    if by == "hover":
        await errors.hover()
        await expect(errors).to_be_visible()
    await page.close()
