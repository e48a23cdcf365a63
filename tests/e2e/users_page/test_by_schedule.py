"""Imports from servers that run by themselves: when, how often, and until when."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.support.file_server import ServedFile
from tests.support.finished_by_hand import Finished
from tests.support.hands import Hands
from tests.support.imports import Json
from tests.support.set_up_by_hand import ManagerByHand, SetUpByHand

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = datetime(2099, 12, 1, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_finish_saves_what_first_runs_at_import_time(hands: Hands, finished: dict[type[Hands], Finished]) -> None:
    saved = finished[type(hands)]
    assert datetime.fromisoformat(saved.entry["next_run_at"]) == saved.import_time
    assert saved.entry["options"]["error_emails"] == ["night@example.com"]
    assert saved.contacts == {}


async def at_schedule(manager: ManagerByHand, served: ServedFile) -> SetUpByHand:
    """Go to the last step of an import that is set up, without a schedule."""
    served.write(["1", "One"])
    await manager.import_ready(served.url)
    set_up = await manager.edit("people")
    await set_up.jump("run")
    return set_up


async def saved_schedule(manager: ManagerByHand, set_up: SetUpByHand) -> Json:
    """Press Finish, and return the schedule as it is kept."""
    await set_up.finish("Finish")
    assert set_up.steps.failures == []
    (entry,) = await manager.imports()
    schedule: Json = entry["schedule"]
    return schedule


async def test_import_time_is_one_of_the_chosen_zone(manager: ManagerByHand, served: ServedFile) -> None:
    set_up = await at_schedule(manager, served)
    hands, page = manager.hands, manager.page
    await hands.choose(set_up.recurrence("once"))
    await expect(page.get_by_label("Time zone", exact=True)).to_have_value("Europe/Berlin")
    await hands.write_time(page.get_by_label("Import Time"), START)
    shown = page.locator("#schedule-preview")
    await expect(shown).to_contain_text("Once, on 1 December 2099 at 06:30 (Europe/Berlin).")
    await hands.press(page.get_by_text("Help on time zones"))
    await expect(page.get_by_text("The zone knows its own summer time")).to_be_visible()
    await hands.write(page.get_by_label("Time zone", exact=True), "Asia/Tokyo")
    await hands.press(page.get_by_text("Help on time zones"))
    await expect(shown).to_contain_text("(Asia/Tokyo)")
    await expect(shown.locator("time")).to_have_attribute("datetime", "2099-11-30T21:30:00+00:00")
    schedule = await saved_schedule(manager, set_up)
    assert (schedule["start"], schedule["time_zone"]) == ("2099-12-01T06:30:00", "Asia/Tokyo")


async def test_each_recurrence_can_be_selected(manager: ManagerByHand, served: ServedFile) -> None:
    set_up = await at_schedule(manager, served)
    hands, page = manager.hands, manager.page
    shown = page.locator("#schedule-preview")
    await hands.choose(set_up.recurrence("once"))
    await hands.write_time(page.get_by_label("Import Time"), START)
    for value, words in (
        ("hourly", "Every hour"),
        ("daily", "Every day at 06:30"),
        ("weekdays", "Every weekday at 06:30"),
        ("monthly", "Every month on day 1 at 06:30"),
        ("yearly", "Every year on 1 January at 06:30"),
        ("weekly", "Every week"),
    ):
        await hands.choose(set_up.recurrence(value))
        await expect(shown).to_contain_text(words)
    await hands.write(page.get_by_label("Number of weeks"), "2")
    for day in ("Mon", "Thu"):
        await hands.tick(set_up.box(day))
    await expect(shown).to_contain_text("Every 2 weeks on Monday and Thursday at 06:30 (Europe/Berlin)")
    assert (await saved_schedule(manager, set_up))["rrule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"


async def test_the_range_says_until_when(manager: ManagerByHand, served: ServedFile) -> None:
    set_up = await at_schedule(manager, served)
    hands, page = manager.hands, manager.page
    shown = page.locator("#schedule-preview")
    await hands.choose(set_up.recurrence("daily"))
    await hands.write_time(page.get_by_label("Import Time"), START)
    await hands.choose(page.locator("[name=end][value=count]"))
    await hands.write(page.get_by_label("Number of imports"), "3")
    await hands.choose(page.locator("[name=end][value=until]"))
    await hands.write_time(page.get_by_label("Last day", exact=True), date(2099, 12, 2))
    await expect(shown).to_contain_text("until 2 December 2099")
    await expect(shown.locator("time")).to_have_count(2)
    await hands.choose(page.locator("[name=end][value=count]"))
    await expect(shown.locator("time")).to_have_count(3)
    schedule = await saved_schedule(manager, set_up)
    assert (schedule["until"], schedule["count"]) == (None, 3)
