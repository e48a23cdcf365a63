"""Scripts in whatever people and files can name: no page lets one of them run, or loses what stands around it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser_page import running_browser
from tests.support.page_tour import PageTour, Words, signed_in
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Each breaks out of another place: text, an attribute in either quote, a script, a comment, an address.
HOSTILE = {
    "element": Words("<img src=x onerror=window.taken=1>", "<script>window.taken=1</script>"),
    "double quote": Words('"><svg onload=window.taken=1>', '" autofocus onfocus="window.taken=1'),
    "single quote": Words("'><svg onload=window.taken=1>", "' autofocus onfocus='window.taken=1"),
    "closing": Words("</textarea></title></select></script><script>window.taken=1</script>", "<!--"),
    "address": Words("javascript:window.taken=1//", "{{7*7}}${7*7}"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", HOSTILE)
async def test_no_stored_script_runs(browser: Browser, embedded_stack: Stack, kind: str) -> None:
    async with embedded_stack.client() as client:
        addresses = await PageTour(client, HOSTILE[kind]).addresses(embedded_stack)
    context = await browser.new_context()
    async with signed_in(embedded_stack) as known:
        cookies = [
            {"name": each.name, "value": each.value or "", "url": embedded_stack.url} for each in known.cookies.jar
        ]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    page = await context.new_page()
    faults: list[str] = []
    where = ""
    page.on("dialog", lambda shown: faults.append(f"{where} shows {shown.message}"))
    page.on("pageerror", lambda error: faults.append(f"{where}: {error}"))
    # Whatever was put into a page and may not run by its policy is told on the console.
    page.on("console", lambda told: faults.append(f"{where}: {told.text}") if "Security" in told.text else None)
    for address in addresses:
        where = address
        await page.goto(f"{embedded_stack.url}{address}")
        if await page.evaluate("window.taken"):
            faults.append(f"{where} ran it")
        if await page.locator("[onload], [onerror], [onfocus], main script, main svg, img[src=x]").count():
            faults.append(f"{where} took it for its own")
        if await page.locator("a[href^='javascript:']").count():
            faults.append(f"{where} links to it")
    await context.close()
    assert not faults, "\n".join(faults)
