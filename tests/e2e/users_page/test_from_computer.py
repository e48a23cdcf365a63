"""From the Contacts page to an import of a file that lies on the computer."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser_page import READ
from tests.support.hands import Hands
from tests.support.set_up_by_hand import ManagerByHand

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_import_button_on_the_top_right_leads_to_synchronization(manager: ManagerByHand) -> None:
    hands, page = manager.hands, manager.page
    await page.goto(manager.stack.url)
    await hands.press(page.get_by_role("link", name="Contact managers"))
    await hands.press(page.locator(f"a[href='/managers/{manager.id}']", has_text=manager.name))
    await expect(page.get_by_role("heading", level=1)).to_have_text(manager.name)
    button = page.get_by_role("main").get_by_role("link", name="Import", exact=True).first
    place, content = await button.bounding_box(), await page.locator("main").bounding_box()
    assert place
    assert content
    assert place["x"] + place["width"] > content["x"] + content["width"] - 40
    assert place["y"] < content["y"] + 100
    await hands.press(button)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Synchronization")
    await page.wait_for_url(f"**/managers/{manager.id}/imports")


async def test_setup_new_import_offers_both_places(manager: ManagerByHand) -> None:
    page = manager.page
    await manager.go_home()
    await expect(page.locator("#imports")).to_contain_text("Click Setup New Import")
    set_up = await manager.set_up()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Setup New Import")
    await manager.hands.choose(set_up.radio("Select from network or internet"))
    await expect(page.get_by_label("Link", exact=True)).to_be_visible()
    await expect(page.get_by_label("File", exact=True)).to_be_hidden()
    assert set_up.steps.failures == []


async def test_a_list_is_imported_from_a_file_on_the_computer(
    manager: ManagerByHand, hands: Hands, people: Path
) -> None:
    page = manager.page
    set_up = await manager.set_up()
    await set_up.from_computer(people)
    await expect(page.get_by_label("Name", exact=True).first).to_have_value("people")
    await set_up.next("options")
    await expect(set_up.box("Consider First Line as Header")).to_be_checked(timeout=READ)
    await set_up.on_to("outcome")
    await expect(set_up.button("Next")).to_be_hidden()
    await expect(set_up.button("Run or schedule")).to_be_hidden()
    assert await manager.contacts() == {}
    await hands.press(set_up.button("Run Import"))
    await manager.run_shown("Finished successfully")
    assert len(await manager.contacts()) == 20
    await page.goto(f"{manager.stack.url}/managers/{manager.id}")
    await expect(page.locator("tbody tr")).to_have_count(20)
    await expect(page.locator("tbody tr").first).to_contain_text("p0@example.com")

    await manager.go_home()
    row = page.locator("#imports tbody tr")
    await expect(row).to_contain_text("From your computer: people.csv")
    await expect(row.get_by_role("button", name="Go")).to_have_count(0)
    await expect(row.get_by_role("button", name="Go: import people now")).to_have_count(0)
    await hands.press(row.get_by_role("link", name="Upload new file"))
    await expect(page.locator("[name=source][value=upload]")).to_be_checked()
    assert set_up.steps.failures == []
