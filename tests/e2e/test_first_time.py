"""A first-time user, from the first sign-in with the password that was printed to the contacts of their file."""

from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.e2e.test_first_sign_in import CHOSEN, FreshStack
from tests.support.browser_page import READ, SIZE, SetUpSteps, running_browser
from tests.support.imports import csv_of

MOST_CLICKS: Final = 12


async def write(page: Page, *texts: str) -> None:
    """Type into the field that has the focus, and into those that Tab leads to from there."""
    for place, text in enumerate(texts):
        if place:
            await page.keyboard.press("Tab")
        await page.keyboard.type(text)


async def test_a_first_time_user_needs_few_clicks(tmp_path: Path) -> None:
    """Besides typing, and choosing the file in the system's window; no field is clicked into."""
    rows = [[f"{number:05}", f"Name {number}", f"p{number}@example.com"] for number in range(1000)]
    file = tmp_path / "members.csv"
    file.write_text(csv_of(rows), encoding="utf-8")
    clicks = 0

    async def click(target: Locator) -> None:
        nonlocal clicks
        clicks += 1
        await target.click()

    async with FreshStack(tmp_path / "data") as stack, running_browser() as browser:
        page = await browser.new_page(viewport=SIZE)
        await page.goto(stack.url)
        await write(page, str(stack.ready["login"]), str(stack.ready["password"]))
        await click(page.get_by_role("button", name="Sign in"))
        await page.wait_for_url("**/account/password")
        await write(page, str(stack.ready["password"]), CHOSEN, CHOSEN)
        await click(page.get_by_role("button", name="Change password"))
        await expect(page.get_by_label("Name", exact=True)).to_be_focused()
        await write(page, "First of all")
        await click(page.get_by_role("button", name="Create"))
        await click(page.get_by_role("link", name="Set up an import"))
        steps = SetUpSteps(page)
        await steps.stands_at_start()
        async with page.expect_file_chooser() as chooser:
            await click(page.get_by_text("Select from your computer"))
        await (await chooser.value).set_files(file)
        for step in ("options", "preview", "mapping"):
            await click(page.locator("[data-next]"))
            await steps.stands_at(step)
        await click(page.locator("[data-new-fields]"))
        await expect(page.locator("table.mapping tbody tr:visible")).to_have_count(3)
        await click(page.locator("[data-next]"))
        await steps.dry_run_ended()
        await expect(page.locator("#outcome")).to_contain_text("1,000 would be added")
        await click(page.get_by_role("button", name="Run Import"))
        await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=3 * READ)
        await click(page.get_by_role("link", name="First of all"))
        await expect(page.locator("table tbody tr").first).to_contain_text("Name 0")
        await expect(page.locator("main")).to_contain_text("1,000 contacts")
        assert clicks <= MOST_CLICKS
        assert steps.failures == []
