"""Imports from servers that run by themselves: when, how often, until when, and who hears of errors."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.e2e.users_page.conftest import FIELDS
from tests.support.file_server import FileServer, ServedFile
from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.imports import Json
from tests.support.mails import mail_about
from tests.support.set_up_by_hand import ManagerByHand, RemoteFile, SetUpByHand, make_manager
from tests.support.stack import Stack
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER = "\N{EN DASH}"
NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2099, 12, 1, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))
SOON = timedelta(seconds=25)
"""What it takes at most to write the last step, and to see that nothing runs before Import Time."""


class Finished(NamedTuple):
    """What was finished, and how it stood then."""

    manager: ManagerByHand
    file: ServedFile
    import_time: datetime
    entry: Json
    contacts: dict[str, Json]


def repeat(page: Page, value: str) -> Locator:
    """Return a radio button of the recurrence pattern: most are called "Every"."""
    return page.locator(f"[name=repeat][value={value}]")


async def finish(manager: ManagerByHand, file: ServedFile) -> Finished:
    """Set up an import that begins within a minute and a half, and see that the home page says so."""
    file.write(["1", "One"])
    set_up, hands, page = await manager.set_up(), manager.hands, manager.page
    await set_up.from_network("HTTP", RemoteFile(file.url))
    await set_up.on_to("run")
    import_time = (datetime.now(NEW_YORK) + SOON).replace(second=0, microsecond=0) + timedelta(minutes=1)
    await hands.choose(repeat(page, "daily"))
    await hands.write_time(page.get_by_label("Import Time"), import_time)
    await hands.write(page.get_by_label("Time zone", exact=True), "America/New_York")
    await hands.write(page.get_by_label("Notification e-mail"), "night@example.com")
    sentence = f"Every day at {import_time:%H:%M} (America/New_York), from {import_time.day} {import_time:%B %Y}"
    await expect(page.locator("#schedule-preview")).to_contain_text(sentence)
    await set_up.finish("Finish")
    cells = page.locator("#imports tbody td")
    await expect(cells.nth(1)).to_have_text(NEVER)
    shown = import_time.astimezone(UTC).isoformat(timespec="seconds")
    await expect(cells.nth(2).locator("time")).to_have_attribute("datetime", shown)
    (entry,) = await manager.imports()
    contacts = await manager.contacts()
    assert datetime.now(UTC) < import_time, "too slow: it may have run already"
    assert set_up.steps.failures == []
    return Finished(manager, file, import_time, entry, contacts)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def finished(
    visitor: BrowserContext, server: FileServer, embedded_stack: Stack
) -> AsyncIterator[dict[type[Hands], Finished]]:
    """What was finished with each of both, all before anything is waited for."""
    found: dict[type[Hands], Finished] = {}
    async with embedded_stack.client() as client:
        for kind in (Mouse, Keyboard):
            page = await visitor.new_page()
            manager = await make_manager(kind(page), embedded_stack, client, FIELDS)
            found[kind] = await finish(manager, ServedFile(server, f"/{manager.id}/people.csv"))
            await page.close()
        yield found
        for each in found.values():
            for entry in await each.manager.imports():
                await client.delete(f"/imports/{entry['id']}")


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
    await hands.choose(repeat(page, "once"))
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
    await hands.choose(repeat(page, "once"))
    await hands.write_time(page.get_by_label("Import Time"), START)
    for value, words in (
        ("hourly", "Every hour"),
        ("daily", "Every day at 06:30"),
        ("weekdays", "Every weekday at 06:30"),
        ("monthly", "Every month on day 1 at 06:30"),
        ("yearly", "Every year on 1 January at 06:30"),
        ("weekly", "Every week"),
    ):
        await hands.choose(repeat(page, value))
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
    await hands.choose(repeat(page, "daily"))
    await hands.write_time(page.get_by_label("Import Time"), START)
    await hands.choose(page.locator("[name=end][value=count]"))
    await hands.write(page.get_by_label("Number of imports"), "3")
    await hands.choose(page.locator("[name=end][value=until]"))
    await hands.write_time(page.get_by_label("Last day"), date(2099, 12, 2))
    await expect(shown).to_contain_text("until 2 December 2099")
    await expect(shown.locator("time")).to_have_count(2)
    await hands.choose(page.locator("[name=end][value=count]"))
    await expect(shown.locator("time")).to_have_count(3)
    schedule = await saved_schedule(manager, set_up)
    assert (schedule["until"], schedule["count"]) == (None, 3)


async def test_it_runs_at_import_time_and_errors_are_mailed(
    hands: Hands, finished: dict[type[Hands], Finished], client: httpx.AsyncClient
) -> None:
    saved = finished[type(hands)]
    manager = ManagerByHand(hands, saved.manager.stack, client, saved.manager.id, saved.manager.name)

    async def performed() -> Json | None:
        (entry,) = await manager.imports()
        return entry if entry["latest_run"]["status"] == "succeeded" else None

    left = (saved.import_time - datetime.now(UTC)).total_seconds()
    entry = await until(performed, within=max(left, 0) + 60, every=0.5, what="the first import has run")
    assert set(await manager.contacts()) == {"1"}
    assert entry["latest_run"]["trigger"] == "schedule"
    assert datetime.fromisoformat(entry["latest_run"]["due_at"]) == saved.import_time
    assert datetime.fromisoformat(entry["next_run_at"]) > saved.import_time + timedelta(hours=20)
    saved.file.take_away()
    failed = await manager.go("people", "Failed")
    assert (await mail_about(manager.stack, failed["id"]))["To"] == "night@example.com"
