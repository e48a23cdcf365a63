"""A real browser in which somebody has signed in, and the steps of a set-up as they are gone through."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from tests.support.stack import Stack
from tests.support.system_packages import CHROMIUM

READ = 20_000
"""Milliseconds within which a file has to have been read, or a dry run to have ended."""

SIZE: Final[ViewportSize] = {"width": 1200, "height": 900}


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Give a Chromium that writes dates as in 12/31/2099, 06:30 PM; the test is skipped where there is none."""
    if missing := CHROMIUM.reason_missing():
        pytest.skip(missing)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=str(CHROMIUM.required()),
            args=["--no-sandbox"],
            env={**os.environ, "LANGUAGE": "en_US"},  # fields for dates follow this, and not the page's locale
        )
        yield running
        await running.close()


async def signed_in(browser: Browser, stack: Stack, *, zone: str | None = None) -> Page:
    """Return a page of somebody who has signed in, in a context of its own."""
    page = await browser.new_page(viewport=SIZE, timezone_id=zone)
    await _sign_in(page, stack)
    return page


async def visitor_of(
    browser: Browser, stack: Stack, *, zone: str | None = None, has_touch: bool = False
) -> BrowserContext:
    """Return a context for many pages, in which somebody has signed in."""
    context = await browser.new_context(viewport=SIZE, timezone_id=zone, has_touch=has_touch)
    page = await context.new_page()
    await _sign_in(page, stack)
    await page.close()
    return context


async def _sign_in(page: Page, stack: Stack) -> None:
    await page.goto(f"{stack.url}/login")
    await page.fill("[name=login]", str(stack.ready["login"]))
    await page.fill("[name=password]", str(stack.ready["password"]))
    await page.click("button.main")
    await page.wait_for_url(f"{stack.url}/")


@dataclass
class SetUpSteps:
    """The set-up's page; `failures` gathers what the browser complains about."""

    page: Page
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda message: self.failures.append(message.text) if message.type == "error" else None)

    async def stands_at(self, step: str) -> None:
        """Wait until a step, and no other, is shown, and its heading has the focus."""
        await expect(self.page.locator(f"[data-step={step}]")).to_be_visible(timeout=READ)
        await expect(self.page.locator("[data-step]:visible")).to_have_count(1)
        await expect(self.page.locator(f"[data-step={step}] h2")).to_be_focused()
        await expect(self.page.locator("[data-go][aria-current=step]")).to_have_attribute("data-go", step)

    async def stands_at_start(self) -> None:
        """Wait until the first step is shown, on a page that was just loaded: nothing takes the focus there."""
        await expect(self.page.locator("[data-step=source]")).to_be_visible()
        await expect(self.page.locator("[data-step]:visible")).to_have_count(1)

    async def go_on(self, *steps: str) -> None:
        """Click Next, once for each step that is to be reached."""
        for step in steps:
            await self.page.click("[data-next]")
            await self.stands_at(step)

    async def go_back(self, *steps: str) -> None:
        """Click Back, once for each step that is to be reached."""
        for step in steps:
            await self.page.click("[data-back]")
            await self.stands_at(step)

    async def go_to(self, step: str) -> None:
        """Click a step in the list of steps."""
        await self.page.click(f"[data-go={step}]")
        await self.stands_at(step)

    async def mapped(self) -> list[tuple[str, str]]:
        """Return the columns that are mapped, each with its field."""
        rows = await self.page.locator("table.mapping tbody tr:visible").all()
        return [
            (await row.locator("[name=column]").input_value(), await row.locator("[name=field]").input_value())
            for row in rows
        ]

    async def dry_run_ended(self) -> None:
        """Wait until what would happen is shown."""
        await expect(self.page.locator("#outcome [data-dry-run]")).to_be_visible(timeout=3 * READ)
