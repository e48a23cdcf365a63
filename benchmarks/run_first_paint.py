"""How soon Chromium shows something of each page, beside a page of one word from the same server, and what it weighs.

The whole stack in processes of its own; each page is opened by a browser that has never seen anything of it, some times
over. Exits 1 where a median or a weight misses what must hold. `ROUNDS`.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, StorageState

from benchmarks.machine import hardware, load
from tests.support.browser_page import running_browser, signed_in
from tests.support.first_load import first_load
from tests.support.page_tour import PageTour, Words
from tests.support.stack import Stack

ROUNDS = int(os.environ.get("ROUNDS", "5"))
MUST: Final = 0.5
"""Seconds until something is shown, at most, as the median."""
MOST_BYTES: Final = 150_000
BARE: Final = "/static/icon.svg"
"""What the server has that is hardly anything."""


async def measured(browser: Browser, root: str, address: str, state: StorageState) -> tuple[float, int]:
    """Return the median of the seconds until something is shown, and the most bytes that came for it."""
    loads = [await first_load(browser, root + address, state) for _ in range(ROUNDS)]
    return statistics.median(load.painted for load in loads), max(load.bytes for load in loads)


async def main() -> int:
    """Print a line for each page."""
    async with AsyncExitStack() as entered:
        folder = Path(entered.enter_context(tempfile.TemporaryDirectory()))
        await asyncio.to_thread(folder.chmod, 0o755)
        stack = await entered.enter_async_context(Stack(folder / "data"))
        client = await entered.enter_async_context(stack.client())
        browser = await entered.enter_async_context(running_browser())
        addresses = await PageTour(client, Words()).addresses(stack)
        page = await signed_in(browser, stack)
        state = await page.context.storage_state()
        print(f"{hardware()}, Chromium {browser.version}; {load()}; medians of {ROUNDS}")
        bare, _ = await measured(browser, stack.url, BARE, state)
        missed = False
        for address in addresses:
            painted, weight = await measured(browser, stack.url, address, state)
            missed |= painted > MUST or weight > MOST_BYTES
            shown = re.sub(r"[0-9a-f-]{36}", "…", address)
            print(f"{painted * 1000:6.0f} ms  {painted / bare:5.2f} x a bare one's  {weight / 1000:6.1f} kB  {shown}")
    print(f"each must show something within {MUST * 1000:.0f} ms and weigh at most {MOST_BYTES / 1000:.0f} kB")
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
