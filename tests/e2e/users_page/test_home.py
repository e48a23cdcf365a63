"""The Synchronization home page: what it tells of each import, and what can be done there."""

import re
from datetime import datetime

import pytest
from playwright.async_api import Locator, expect

from tests.support.file_server import ServedFile
from tests.support.set_up_by_hand import NEVER, ManagerByHand

pytestmark = pytest.mark.asyncio(loop_scope="session")

DONE = "Finished successfully"
DAILY = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
COLUMNS = ["Name", "Latest Import", "Next Import", "Import Now", "Status", "Edit", "Delete"]


async def colour(sign: Locator) -> tuple[int, int, int]:
    """Return the red, green and blue behind a sign."""
    text: str = await sign.evaluate("element => getComputedStyle(element).backgroundColor")
    red, green, blue = map(int, re.findall(r"\d+", text)[:3])
    return red, green, blue


async def test_each_import_is_listed_with_its_details(manager: ManagerByHand, served: ServedFile) -> None:
    served.write(["1", "One"])
    await manager.import_ready(served.url, schedule=DAILY)
    page = manager.page
    await manager.go_home()
    await expect(page.locator("#imports thead th")).to_have_text(COLUMNS)
    cells = page.locator("#imports tbody td")
    await expect(cells.nth(0)).to_contain_text("people")
    await expect(cells.nth(1)).to_have_text(NEVER)
    await expect(cells.nth(2)).to_contain_text("1 Jan 2099, 06:30 Europe/Berlin")
    await expect(cells.nth(4)).to_have_text("Not run yet")

    await manager.hands.press(page.get_by_role("button", name="Dry run of people"))
    await manager.run_shown("Dry run: nothing was changed")
    await manager.go_home()
    await expect(cells.nth(1)).to_have_text(NEVER)
    run = await manager.go("people", DONE)
    await manager.go_home()
    ended = datetime.fromisoformat(run["finished_at"]).isoformat(timespec="seconds")
    await expect(cells.nth(1).locator("time")).to_have_attribute("datetime", ended)
    await expect(cells.nth(2)).to_contain_text("1 Jan 2099, 06:30 Europe/Berlin")


async def test_go_imports_now_and_a_green_mark_tells_of_success(manager: ManagerByHand, served: ServedFile) -> None:
    served.write(["1", "One"])
    await manager.import_ready(served.url)
    await manager.go_home()
    await expect(manager.page.get_by_role("button", name="Go: import people now")).to_have_text("Go")
    await manager.go("people", DONE)
    assert set(await manager.contacts()) == {"1"}
    await manager.go_home()
    sign = manager.page.locator("#imports .mark .sign")
    await expect(sign).to_have_text("✔")
    red, green, blue = await colour(sign)
    assert green > 2 * red
    assert green > blue


async def test_the_yellow_mark_lists_the_errors_when_it_is_pointed_at(
    manager: ManagerByHand, served: ServedFile
) -> None:
    served.write(["1", "One"], ["", "Nobody"], ["3", "Three"], ["", "Somebody"])
    await manager.import_ready(served.url)
    await manager.go("people", "Finished, with errors")
    assert set(await manager.contacts()) == {"1", "3"}
    page = manager.page
    await manager.go_home()
    sign, errors = page.locator("#imports .mark .sign"), page.get_by_role("tooltip")
    await expect(sign).to_have_text("!")
    red, green, blue = await colour(sign)
    assert min(red, green) > 150
    assert blue < 100
    await expect(errors).to_be_hidden()
    await manager.hands.point_at(page.locator("#imports .mark"))
    await expect(errors).to_be_visible()
    await expect(errors).to_contain_text("Line 3:")
    await expect(errors).to_contain_text("Line 5:")
    await manager.hands.point_at(page.get_by_role("link", name="Edit people"))
    await expect(errors).to_be_hidden()

    served.take_away()
    run = await manager.go("people", "Failed")
    await manager.go_home()
    await expect(sign).to_have_text("!")
    await manager.hands.point_at(page.locator("#imports .mark"))
    await expect(errors).to_contain_text(run["error"]["message"])


async def test_edit_changes_an_import_and_delete_takes_it_off_the_list(
    manager: ManagerByHand, served: ServedFile
) -> None:
    page, hands = manager.page, manager.hands
    importing = await manager.import_ready(served.url, schedule=DAILY)
    await page.goto(f"{manager.stack.url}/managers/{manager.id}")
    await hands.press(page.get_by_role("main").get_by_role("link", name="Import", exact=True).first)
    set_up = await manager.press_edit("people")
    await hands.write(page.get_by_label("Name", exact=True).first, "Staff")
    await set_up.jump("run")
    await set_up.finish("Finish")
    await expect(page.locator("#imports tbody tr")).to_contain_text("Staff")
    (entry,) = await manager.imports()
    assert (entry["id"], entry["name"], entry["next_run_at"]) == (
        importing.import_id,
        "Staff",
        "2099-01-01T05:30:00Z",
    )

    await hands.press(page.get_by_role("link", name="Delete Staff"))
    await expect(page.get_by_role("main")).to_contain_text("it will not run on its schedule any more")
    await hands.press(page.get_by_role("button", name="Delete"))
    await page.wait_for_url(f"**/managers/{manager.id}/imports")
    await expect(page.locator("#imports tbody tr")).to_have_count(0)
    assert await manager.imports() == []
    assert (await manager.client.post(f"/imports/{importing.import_id}/runs", json={})).status_code == 404
    connection = await manager.stack.connect()
    due = await connection.fetchval("SELECT next_run_at FROM imports WHERE id = $1", importing.import_id)
    await connection.close()
    assert due is None
