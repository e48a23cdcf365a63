"""An import finished by hand that begins soon, so that its first run can be waited for."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from tests.support.file_server import ServedFile
from tests.support.imports import Json
from tests.support.set_up_by_hand import NEVER, ManagerByHand, RemoteFile

NEW_YORK: Final = ZoneInfo("America/New_York")
SOON: Final = timedelta(seconds=25)
"""What it takes at most to write the last step, and to see that nothing runs before Import Time."""


class Finished(NamedTuple):
    """What was finished, and how it stood then."""

    manager: ManagerByHand
    file: ServedFile
    import_time: datetime
    entry: Json
    contacts: dict[str, Json]


async def finish(manager: ManagerByHand, file: ServedFile) -> Finished:
    """Set up an import that begins within a minute and a half, and see that the home page says so."""
    file.write(["1", "One"])
    set_up, hands, page = await manager.set_up(), manager.hands, manager.page
    await set_up.from_network("HTTP", RemoteFile(file.url))
    await set_up.on_to("run")
    import_time = (datetime.now(NEW_YORK) + SOON).replace(second=0, microsecond=0) + timedelta(minutes=1)
    await hands.choose(set_up.recurrence("daily"))
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
