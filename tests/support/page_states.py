"""What pages become while somebody is at work in them: steps of the set-up, answers, and forms with what is wrong."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Page, expect

from tests.support.browser_page import READ, SetUpSteps
from tests.support.file_server import ServedFile
from tests.support.set_up_by_hand import ManagerByHand

MESSY: Final = "No;Name;E-mail;Born;Note\n1;Änne;a@example.com;01/02/1990;x\n2;Jörg;nobody;03/04/1991;y\n;Zoë;;;\n"
"""Asks for its encoding, and how it writes dates; has rows with errors, and a column without a field."""
MESSY_FIELDS: Final = {"No": "text", "Name": "text", "Email": "email", "Born": "date", "Town": "text"}


@dataclass(frozen=True)
class WrongForm:
    """A form, by the address of its page and its own, filled with what will be refused."""

    page: str
    action: str
    fields: Mapping[str, str]


def wrong_forms(manager: str, webhook: str) -> list[WrongForm]:
    """Return forms of all kinds of pages; the addresses of a manager with a field `No`, and of a webhook, are given."""
    passwords = {"old": "not the old one", "new": "long enough for one", "again": "long enough for one"}
    return [
        WrongForm("/login", "/login", {"login": "nobody", "password": "wrong"}),
        WrongForm("/", "/managers", {"name": " "}),
        WrongForm(manager, f"{manager}/fields", {"name": "No"}),
        WrongForm(f"{manager}/contacts/new", "", {"unique_id": " "}),
        WrongForm("/account/password", "/account/password", passwords),
        WrongForm("/account", "/account/tokens", {"name": " "}),
        WrongForm("/accounts", "/accounts", {"login": "admin"}),
        WrongForm("/operations", "/operations/test-mail", {"address": "nobody"}),
        WrongForm("/webhooks", "/webhooks", {"url": "nowhere"}),
        WrongForm(webhook, f"{webhook}/edit", {"url": "nowhere"}),
        WrongForm(webhook, f"{webhook}/replay", {"from_number": "many"}),
    ]


async def after_wrong_forms(page: Page, root: str, forms: list[WrongForm]) -> AsyncIterator[str]:
    """Send each, and give its name once the page shows what is wrong."""
    for form in forms:
        await page.goto(f"{root}{form.page}")
        shown = page.locator(f'form[action="{form.action}"]' if form.action else "form.card").first
        await shown.evaluate("form => (form.noValidate = true)")
        for name, text in form.fields.items():
            await shown.locator(f"[name={name}]").first.fill(text)
        await shown.locator("button.main, button").last.click()
        await expect(page.locator(".error").first).to_be_visible()
        yield f"{form.action or form.page} refused"


async def through_set_up(manager: ManagerByHand, folder: Path) -> AsyncIterator[str]:
    """Go through a new set-up of a file from the computer to what will happen, wrong turns included."""
    page, steps = manager.page, SetUpSteps(manager.page)
    file = folder / "messy.csv"
    file.write_bytes(MESSY.encode("cp1252"))
    await page.goto(f"{manager.stack.url}/imports/new?manager={manager.id}")
    await page.click("[data-next]")
    yield await told(page, "source")
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", file)
    await steps.go_on("options")
    await unfold(page)
    yield "options, all of them"
    await page.fill("[name=error_emails]", "nobody")
    await page.click("[data-next]")
    yield await told(page, "options")
    await page.fill("[name=error_emails]", "it@example.com")
    await steps.go_on("preview")
    await expect(page.locator("#preview [data-encoding]").first).to_be_visible(timeout=READ)
    await page.click("[data-next]")
    yield await told(page, "preview")
    await page.locator("#preview [data-encoding=cp1252]").click()
    await page.get_by_role("button", name="1 February 1990").click(timeout=READ)
    await expect(page.locator("#preview")).not_to_contain_text("Please", timeout=READ)
    yield "preview, confirmed"
    await steps.go_on("mapping")
    await unfold(page)
    yield "mapping, proposed"
    await page.get_by_role("button", name="Remove Name").click()
    await page.locator("[name=key]").select_option("Town")
    await page.click("[data-next]")
    yield await told(page, "mapping")
    await page.locator("[name=key]").select_option("No")
    await steps.go_on("outcome")
    await steps.dry_run_ended()
    yield "what will happen"


async def through_schedule(manager: ManagerByHand, served: ServedFile) -> AsyncIterator[str]:
    """Test the connection to a file that is there and then gone; go on to what will happen, and to a wrong schedule."""
    page, steps = manager.page, SetUpSteps(manager.page)
    served.write(["1", "One"])
    importing = await manager.import_ready(served.url)
    await page.goto(f"{manager.stack.url}/imports/{importing.import_id}/edit")
    await page.click("[data-test-connection]")
    await expect(page.locator("#connection-test")).to_contain_text("The file can be fetched.", timeout=READ)
    yield "connection that works"
    served.take_away()
    await page.click("[data-test-connection]")
    await expect(page.locator("#connection-test table")).to_contain_text("Failed", timeout=READ)
    yield "connection that fails"
    await steps.go_to("preview")
    await expect(page.locator("#preview .error")).to_be_visible(timeout=READ)
    yield "preview that cannot be made"
    await steps.go_to("outcome")
    await steps.dry_run_ended()
    yield "dry run that failed"
    await steps.go_to("run")
    await page.check("[name=repeat][value=monthly]")
    await page.fill("[name=start]", "2099-12-01T06:30")
    await page.locator("[name=start]").blur()
    await expect(page.locator("#schedule-preview")).to_contain_text("Every month")
    await unfold(page)
    yield "schedule"
    await page.check("[name=repeat][value=rule]")
    await page.fill("[name=rule]", "FREQ=SOMETIMES")
    await page.get_by_role("button", name="Finish").click()
    await expect(page.locator("[data-step=run] .error:visible").first).to_be_visible()
    yield "schedule refused"


async def told(page: Page, step: str) -> str:
    """Wait until a step tells what is wrong with it, and return what that is called."""
    await expect(page.locator(f"[data-step={step}] .said")).to_be_visible()
    return f"{step} with what is wrong"


async def unfold(page: Page) -> None:
    """Open all that is folded away on the page."""
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
