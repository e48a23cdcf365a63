"""A form is sent once, however often its button is pressed while the answer is on its way."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.support.browser_page import running_browser, signed_in
from tests.support.stack import Stack
from tests.support.waiting import until

PRESS_AGAIN = """() => addEventListener("submit", (event) => setTimeout(() => {
    event.submitter.click();
    console.log("pressed again");
}), { once: true })"""
"""In the page itself: from outside one would wait for what the first click leads to."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


async def test_a_second_click_sends_nothing(browser: Browser, embedded_stack: Stack) -> None:
    page = await signed_in(browser, embedded_stack)
    await page.goto(f"{embedded_stack.url}/")
    sent: list[Route] = []
    answered = asyncio.Event()

    async def held_back(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route)
            await answered.wait()
        await route.continue_()

    await page.route("**/managers", held_back)
    await page.evaluate(PRESS_AGAIN)
    await page.get_by_label("Name", exact=True).fill("Pressed twice")
    async with page.expect_console_message(lambda message: message.text == "pressed again"):
        await page.get_by_role("button", name="Create").click(no_wait_after=True)
    await until(lambda: bool(sent), within=30, what="the form is sent")
    answered.set()
    await expect(page.get_by_role("heading", name="Pressed twice")).to_be_visible()
    assert len(sent) == 1
    await page.context.close()
