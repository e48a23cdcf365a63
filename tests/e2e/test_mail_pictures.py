"""What mails look like in a browser, light and dark, wide and narrow: nothing is found wrong, nothing is loaded.

The picture in the docs is made anew by `make screenshots`.
"""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from services.notifier.domain.mail import compose
from services.notifier.domain.message import AttachedRows
from services.notifier.domain.sample_mail import compose_test
from services.notifier.domain.summary_mail import compose_summary
from services.notifier.domain.troubles import Trouble
from services.notifier.domain.warning_mail import compose_warning
from shared.events.runs import FinishedProblem, ImportFinished
from tests.support.browser_page import running_browser
from tests.unit.services.notifier.finished import ENDED, done_with_errors, finished, refused, succeeded, waiting
from tests.unit.services.notifier.warned import warned

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN: Final = "mail"
WIDE, NARROW = 760, 360
OF_PAGES: Final = frozenset({"landmark-one-main", "region"})
"""What is asked of pages alone: a mail is shown inside of one."""
TO: Final = ["ops@example.org"]
SENDER, URL = "contacts-sync <cs@example.org>", "https://contacts.example"
ATTACK: Final = "<script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>" + "W" * 120


def hostile() -> ImportFinished:
    problem = FinishedProblem(line=7, severity="error", code="x", message=ATTACK, column=ATTACK)
    names = {"import_name": ATTACK, "manager_name": ATTACK, "file_name": ATTACK, "problems": [problem]}
    return done_with_errors(**names)


def of_run(event: ImportFinished, failures: int = 0, attached: AttachedRows | None = None) -> EmailMessage:
    return compose(event, TO, sender=SENDER, public_url=URL, failures=failures, attached=attached)


def mails() -> dict[str, EmailMessage]:
    trouble = Trouble("x", ENDED, ENDED, 23, ENDED)
    return {
        SHOWN: of_run(done_with_errors(), attached=AttachedRows(b"x", "utf-8", 12)),
        "failed": of_run(finished()),
        "refused": of_run(refused()),
        "succeeded": of_run(succeeded()),
        "recovered": of_run(succeeded(), 3),
        "waiting": of_run(waiting()),
        "hostile": of_run(hostile()),
        "late": compose_warning(warned(), TO, sender=SENDER, public_url=URL),
        "paused": compose_warning(warned(warning="schedule_paused", failures=5), TO, sender=SENDER, public_url=URL),
        "summary": compose_summary(UUID(int=9), trouble, finished(), TO, sender=SENDER, public_url=URL),
        "test": compose_test(UUID(int=8), ENDED, TO, sender=SENDER),
    }


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_mails_can_be_read_by_all(
    browser: Browser, tmp_path: Path, scheme: str, request: pytest.FixtureRequest
) -> None:
    is_writing = bool(request.config.getoption("--write-screenshots"))
    faults: list[str] = []
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, message in mails().items():
        part = message.get_body(["html"])
        assert part is not None
        for width in (WIDE, NARROW):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.set_content(part.get_content())
            folder = PICTURES if is_writing and (name, scheme, width) == (SHOWN, "light", WIDE) else tmp_path
            file = f"{name}.png" if folder is PICTURES else f"{name}-{scheme}-{width}.png"
            await page.screenshot(path=folder / file, full_page=True, animations="disabled")
            found = (await Axe().run(page)).response["violations"]
            found = [each for each in found if each["id"] not in OF_PAGES]
            faults += [f"{name}, {scheme}, {width} px: {each['id']}: {each['help']}" for each in found]
            if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                faults.append(f"{name}, {scheme}, {width} px: is wider than the screen")
    await context.close()
    assert asked == []
    assert faults == []
    assert (PICTURES / f"{SHOWN}.png").is_file()
