"""Back in the set-up loses nothing: whatever was changed is kept, told where it can't be, and kept once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Dialog, Page, Route, expect

from tests.support.browser_page import READ, SetUpSteps, running_browser, signed_in
from tests.support.imports import csv_of
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = csv_of([[f"{number:03}", f"Ärna {number}", f"p{number}@example.com"] for number in range(20)])
STEPS = "**/imports/steps*"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, embedded_stack: Stack) -> AsyncIterator[Page]:
    page = await signed_in(browser, embedded_stack, zone="Europe/Berlin")
    yield page
    await page.close()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_bytes(PEOPLE.encode("cp1252"))
    return file


async def begin(page: Page, stack: Stack, name: str) -> tuple[SetUpSteps, str]:
    """Begin the set-up of an import; return its steps, and where Back on the first of them leads."""
    fields = [{"name": each} for each in ("No", "Name", "Email", "Town")]
    async with stack.client() as client:
        manager_id = (await client.post("/managers", json={"name": name, "fields": fields})).json()["id"]
    home = f"{stack.url}/managers/{manager_id}/imports"
    await page.goto(f"{stack.url}/imports/new?manager={manager_id}")
    await page.fill("[name=name]", name)
    return SetUpSteps(page), home


async def at_mapping(page: Page, stack: Stack, name: str, people: Path) -> tuple[SetUpSteps, str]:
    """Go on to the mapping; the encoding is confirmed on the way."""
    steps, home = await begin(page, stack, name)
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", people)
    await steps.go_on("options", "preview")
    await page.locator("#preview [data-encoding=cp1252]").click(timeout=READ)
    await expect(page.locator("#preview")).to_contain_text("As you chose.", timeout=READ)
    await steps.go_on("mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    return steps, home


async def test_a_chosen_unique_identifier_outlives_another_preview(
    page: Page, embedded_stack: Stack, people: Path
) -> None:
    steps, _ = await at_mapping(page, embedded_stack, "Own key", people)
    assert await page.input_value("[name=key]") == "No"
    await page.locator("[name=key]").select_option("Name")
    await steps.go_back("preview")
    await expect(page.locator("[data-preview]")).to_be_enabled()
    async with page.expect_response("**/imports/preview*"):
        await page.click("[data-preview]")
    await expect(page.locator("#preview:not([aria-busy])")).to_contain_text("20 rows in all", timeout=READ)
    await steps.go_on("mapping")
    await expect(page.locator("[name=key]")).to_have_value("Name")
    await page.get_by_role("button", name="Propose a mapping anew").click()
    await expect(page.locator("[name=key]")).to_have_value("No")


async def test_mapped_columns_show_what_they_hold(page: Page, embedded_stack: Stack, people: Path) -> None:
    await at_mapping(page, embedded_stack, "Mapped", people)
    row = page.locator("table.mapping tbody tr").nth(2)
    await expect(row).to_contain_text("E-mail")
    await expect(row).to_contain_text("100 % filled: p0@example.com, p1@example.com")


@pytest.mark.parametrize("change", ["remove", "drag", "encoding"])
async def test_back_keeps_what_was_changed_by_a_button_or_by_dragging(
    page: Page, embedded_stack: Stack, people: Path, change: str
) -> None:
    """The draft is come back to first, so that nothing was typed on the page."""
    steps, home = await at_mapping(page, embedded_stack, f"By {change}", people)
    await page.reload()
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    encoding = "cp1252"
    if change == "encoding":
        await steps.go_back("preview")
        await page.locator("#preview [data-detect]").click()
        other = page.locator("#preview [data-encoding]:not([data-encoding=cp1252])").first
        encoding = await other.get_attribute("data-encoding", timeout=READ) or ""
        await other.click()
        await expect(page.locator("[name=encoding]")).to_have_value(encoding)
        await expect(page.locator("#preview")).to_contain_text("As you chose.", timeout=READ)
    else:
        await page.get_by_role("button", name="Remove E-mail").click()
    if change == "drag":
        await steps.go_on("outcome")
        await steps.go_back("mapping")
        columns, fields = page.locator("[data-columns]"), page.locator("[data-fields]")
        await columns.locator("label", has_text="E-mail").drag_to(fields.locator("label", has_text="Town"))
    await steps.go_to("source")
    await page.click("[data-back]")
    await page.wait_for_url(home)
    await page.get_by_role("link", name=f"Continue By {change}").click()
    await steps.stands_at_start()
    rows = [("No", "No"), ("Name", "Name")]
    wanted = {"remove": rows, "drag": [*rows, ("E-mail", "Town")], "encoding": [*rows, ("E-mail", "Email")]}
    await steps.go_to("mapping")
    assert await steps.mapped() == wanted[change]
    assert await page.input_value("[name=encoding]") == encoding


async def test_what_could_not_be_kept_is_told_and_stays(page: Page, embedded_stack: Stack) -> None:
    _, home = await begin(page, embedded_stack, "Away")
    here = page.url
    await page.route(STEPS, lambda route: route.fulfill(status=503, body="away"))
    await page.click("[data-back]")
    await expect(page.locator("[data-step=source] .said")).to_contain_text("could not be kept just now")
    assert page.url == here
    await page.unroute(STEPS)
    await page.click("[data-back]")
    await page.wait_for_url(home)
    await expect(page.locator("#drafts")).to_contain_text("Away")


async def test_back_while_a_step_is_judged_makes_one_draft(page: Page, embedded_stack: Stack) -> None:
    _, home = await begin(page, embedded_stack, "Once")
    held: asyncio.Future[Route] = asyncio.get_running_loop().create_future()

    def hold(route: Route) -> None:
        held.set_result(route)

    await page.route(STEPS, hold, times=1)
    await page.click("[data-next]")
    route = await held
    await page.click("[data-back]")
    await page.fill("[name=link]", "files.example/later.csv")
    await route.continue_()
    await page.wait_for_url(home)
    await expect(page.locator("#drafts li")).to_have_count(1)
    await page.get_by_role("link", name="Continue Once").click()
    await expect(page.locator("[name=link]")).to_have_value("files.example/later.csv")


async def test_the_browser_asks_before_what_is_not_kept_is_left(page: Page, embedded_stack: Stack) -> None:
    asked: list[str] = []

    async def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", note)
    steps, home = await begin(page, embedded_stack, "Left")
    await page.locator("[name=login]").press_sequentially("hr")
    await page.goto(home)
    assert asked == ["beforeunload"]
    await expect(page.locator("#drafts")).to_have_count(0)

    await page.goto(page.url.replace("/managers/", "/imports/new?manager=").removesuffix("/imports"))
    await page.locator("[name=name]").click()
    await page.goto(home)
    await page.goto(page.url.replace("/managers/", "/imports/new?manager=").removesuffix("/imports"))
    await page.locator("[name=name]").press_sequentially("Kept")
    await page.click("[data-back]")
    await page.wait_for_url(home)
    await page.get_by_role("link", name="Continue Kept").click()
    await steps.stands_at_start()
    await page.goto(home)
    assert asked == ["beforeunload"]


async def test_what_is_found_in_the_file_is_nothing_to_lose(page: Page, embedded_stack: Stack, people: Path) -> None:
    asked: list[str] = []

    async def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    page.on("dialog", note)
    steps, home = await begin(page, embedded_stack, "Found")
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", people)
    await steps.go_on("options", "preview")
    await expect(page.locator("#preview table.rows")).to_be_visible(timeout=READ)
    await page.goto(home)
    assert asked == []


async def test_a_file_that_goes_on_back_says_how_far_it_is(page: Page, embedded_stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_text("No\n" + "1234567890123456789\n" * 100_000, encoding="utf-8")
    _, home = await begin(page, embedded_stack, "Large")
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", file)
    devtools = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
    await devtools.send("Network.emulateNetworkConditions", slow)
    await page.click("[data-back]")
    await expect(page.locator("[data-busy]")).to_contain_text("Sending the file:")
    await page.wait_for_url(home)
    await page.get_by_role("link", name="Continue Large").click()
    await expect(page.locator("#uploaded")).to_contain_text("large.csv")
