"""A page as a browser loads it that has never seen anything of it: what comes over the line, and when it is painted."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, StorageState

_PAINTED = """() => new Promise(resolve => new PerformanceObserver((list, observer) => {
    const [first] = list.getEntriesByName("first-contentful-paint");
    if (first) { observer.disconnect(); resolve(first.startTime); }
}).observe({type: "paint", buffered: true}))"""


@dataclass(frozen=True)
class FirstLoad:
    """What the first load of a page took."""

    bytes: int
    """Headers and bodies of the page and of all that it loads, as they came."""
    painted: float
    """Seconds until the first contentful paint."""


async def first_load(browser: Browser, url: str, state: StorageState) -> FirstLoad:
    """Load a page in a context of its own, with nothing cached, by whoever has signed in with this state."""
    context = await browser.new_context(storage_state=state)
    try:
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        came: list[float] = []

        def finished(event: dict[str, Any]) -> None:
            came.append(event["encodedDataLength"])

        session.on("Network.loadingFinished", finished)
        await session.send("Network.enable")
        await page.goto(url, wait_until="load")
        painted = await page.evaluate(_PAINTED)
    finally:
        await context.close()
    return FirstLoad(round(sum(came)), painted / 1000)
