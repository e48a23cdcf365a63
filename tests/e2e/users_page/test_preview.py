"""Back and Next: leaving a set-up, and looking at the file before it is mapped."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser_page import READ
from tests.support.set_up_by_hand import ManagerByHand

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_back_on_the_first_page_goes_home_and_cancels(manager: ManagerByHand, people: Path) -> None:
    set_up, page = await manager.set_up(), manager.page
    await set_up.from_computer(people)
    await set_up.next("options")
    await set_up.back("source")
    await manager.hands.press(set_up.button("Back"))
    await page.wait_for_url(f"**/managers/{manager.id}/imports")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Synchronization")
    await expect(page.locator("#imports tbody tr")).to_have_count(0)
    assert await manager.imports() == []
    assert await manager.contacts() == {}
    assert set_up.steps.failures == []


async def test_next_shows_the_file_and_back_lets_it_be_checked(
    manager: ManagerByHand, people: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("City,Country\nOslo,Norway\n", encoding="utf-8")
    set_up, page = await manager.set_up(), manager.page
    shown = page.locator("#preview table.rows")
    await set_up.from_computer(wrong)
    await set_up.next("options")
    await set_up.next("preview")
    await expect(shown.locator("tbody tr")).to_have_text(["OsloNorway"])
    await expect(page.locator("[data-step=preview]")).to_contain_text("Click Next if everything looks correct")
    await set_up.back("options")
    await set_up.back("source")
    await manager.hands.give_file(page.get_by_label("File", exact=True), people)
    await set_up.next("options")
    await set_up.next("preview")
    await expect(shown.locator("tbody tr").first).to_contain_text("p0@example.com", timeout=READ)
    await set_up.next("mapping")
    await set_up.back("preview")
    await expect(shown.locator("tbody tr").first).to_contain_text("p0@example.com")
    assert set_up.steps.failures == []
