"""Plans on the pages, in a real browser and through the real services: dry run, approval, undo, history."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.imports import Importing, Json, csv_of, set_up_import
from tests.support.stack import Stack
from tests.support.system_packages import CHROMIUM

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = 30
ENDED = 60_000
"""Milliseconds within which a run has to have ended."""


@pytest_asyncio.fixture(loop_scope="session")
async def page(embedded_stack: Stack) -> AsyncIterator[Page]:
    """A page of a browser in which somebody has signed in."""
    if missing := CHROMIUM.reason_missing():
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM.required()), args=["--no-sandbox"]
        )
        page = await (await browser.new_context(viewport={"width": 1200, "height": 900})).new_page()
        await page.goto(f"{embedded_stack.url}/login")
        await page.fill("[name=login]", str(embedded_stack.ready["login"]))
        await page.fill("[name=password]", str(embedded_stack.ready["password"]))
        await page.click("button.main")
        await page.wait_for_url(f"{embedded_stack.url}/")
        yield page
        await browser.close()


def names(name: str, *, start: int = 0, end: int = PEOPLE) -> str:
    return csv_of([[f"{number:03}", f"{name} {number}", f"p{number}@example.com"] for number in range(start, end)])


async def change_file(importing: Importing, text: str) -> None:
    answer = await importing.client.post("/uploads", params={"name": "people.csv"}, content=text.encode())
    await importing.change(source={"kind": "upload", "upload_id": answer.json()["upload_id"]})


async def edit(importing: Importing, unique_id: str, name: str) -> None:
    address = f"/managers/{importing.manager_id}/contacts/{unique_id}"
    (await importing.client.put(address, json={"fields": {"Name": name}})).raise_for_status()


async def run_shown(page: Page, importing: Importing, state: str) -> Json:
    """Wait until the run of the page has ended so, and return it; the page shows it by itself."""
    await expect(page.locator("[data-state]")).to_have_text(state, timeout=ENDED)
    run: Json = (await importing.client.get(f"/runs/{page.url.rpartition('/')[2]}")).json()
    return run


async def first_import(client: httpx.AsyncClient) -> Importing:
    upload = (await client.post("/uploads", params={"name": "people.csv"}, content=names("First").encode())).json()
    source = {"kind": "upload", "upload_id": upload["upload_id"]}
    importing = await set_up_import(client, source, options={"delete_missing": True})
    assert (await importing.run())["status"] == "succeeded"
    return importing


async def test_a_dry_run_is_looked_at_and_approved(page: Page, embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        importing = await first_import(client)
        before = await importing.contacts()
        await change_file(importing, names("Second", start=2, end=PEOPLE + 1))

        await page.goto(f"{embedded_stack.url}/managers/{importing.manager_id}/imports")
        await page.click("text=Dry run")
        dry = await run_shown(page, importing, "Dry run: nothing was changed")
        assert (dry["dry_run"], dry["counts"]["updated"]) == (True, PEOPLE - 2)
        assert await importing.contacts() == before
        await page.click("nav.choices >> text=Deleted")
        await expect(page.locator("table.plan tbody")).to_have_count(2)
        await expect(page.locator("table.plan tbody").first).to_contain_text("First 0")

        await edit(importing, "005", "By hand")
        await page.fill("[name=reason]", "They moved.")
        await page.click("#decide button")
        anew = await run_shown(page, importing, "Planned anew, to be approved: nothing was changed")
        assert anew["approves"] == dry["id"]
        first = page.locator("table.plan tbody").first
        await expect(first).to_contain_text("005")
        await expect(first.locator(".before").first).to_have_text("By hand")
        await page.goto(f"{embedded_stack.url}/runs/{dry['id']}")
        await expect(page.locator("#decide")).to_contain_text("It was planned anew")
        await page.click("#decide a")

        await page.fill("[name=reason]", "They really moved.")
        await page.click("#decide button")
        await run_shown(page, importing, "Finished successfully")
        await expect(page.locator("dl.ties")).to_contain_text("They really moved.")
        assert (await importing.contacts())["005"]["Name"] == "Second 5"


async def test_a_run_is_taken_back_once_that_was_looked_at(page: Page, embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        importing = await first_import(client)
        before = await importing.contacts()
        await change_file(importing, names("Second", start=2, end=PEOPLE + 1))
        applied = await importing.run()
        await edit(importing, "007", "Kept")

        await page.goto(f"{embedded_stack.url}/runs/{applied['id']}")
        await page.click("text=Show what undo would do")
        shown = await run_shown(page, importing, "Undo, only shown: nothing was changed")
        assert shown["undoes"] == applied["id"]
        assert (await importing.contacts())["005"]["Name"] == "Second 5"
        await expect(page.locator("table.roomy").first).to_contain_text("007")
        await page.click("#decide button")
        undo = await run_shown(page, importing, "Taken back, but not what was changed since")
        contacts = await importing.contacts()
        assert contacts["007"]["Name"] == "Kept"
        assert contacts == before | {"007": contacts["007"]}

        await page.goto(f"{embedded_stack.url}/runs/{applied['id']}")
        await expect(page.locator(f"dl.ties a[href='/runs/{undo['id']}']")).to_be_visible()
        await page.click("text=Show what applying it again would do")
        assert (await run_shown(page, importing, "Undo, only shown: nothing was changed"))["undoes"] == undo["id"]

        await page.goto(f"{embedded_stack.url}/managers/{importing.manager_id}?q=007")
        await page.click("tbody >> text=007")
        changes = page.locator("table.plan tbody")
        await expect(changes).to_have_count(3)
        await expect(changes.first).to_contain_text("By hand: admin")
        await expect(changes.last).to_contain_text("people.csv, line 9")
        await page.goto(f"{embedded_stack.url}/managers/{importing.manager_id}/contact-history?unique_id=005")
        await expect(changes.first).to_contain_text("Undo “HR file”")
        await expect(changes.first.locator(".before")).to_have_text("Second 5")
