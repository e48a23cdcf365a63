"""The search of contacts through the real services: over the API, and on the page by mouse and by keyboard alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from shared.rules.search_text import search_text
from tests.support.browser_page import running_browser
from tests.support.imports import Importing, csv_of, set_up_import
from tests.support.stack import Stack
from tests.support.waiting import until

PEOPLE = 40
CAUGHT_UP = 30
HOSTILE = "<img src=x onerror=alert(1)>"
FIELDS = [("No", "text"), ("Name", "text"), ("Email", "email")]
MOST_TABS = 60


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The whole system, for which a few rows are many: first loads take the large road."""
    folder = tmp_path_factory.mktemp("search") / "data"
    async with Stack(folder, module="tests.support.few_are_many") as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with stack.client() as client:
        yield client


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.fixture
async def page(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    """A page in which somebody has signed in; at its end nothing may have gone wrong in it."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(stack.url) else wrong.append(request.url))
    await page.goto(f"{stack.url}/login")
    await page.fill("[name=login]", str(stack.ready["login"]))
    await page.fill("[name=password]", str(stack.ready["password"]))
    await page.click("button.main")
    await page.wait_for_url(f"{stack.url}/")
    yield page
    await context.close()
    assert wrong == []


def people(name: str, *, start: int = 0, end: int = PEOPLE) -> str:
    return csv_of([[f"{number:03}", f"{name} {number:03}", f"p{number}@example.com"] for number in range(start, end)])


async def uploaded(client: httpx.AsyncClient, text: str) -> dict[str, str]:
    answer = await client.post("/uploads", params={"name": "people.csv"}, content=text.encode())
    return {"kind": "upload", "upload_id": answer.json()["upload_id"]}


async def mark(importing: Importing, *names: str) -> None:
    for name, _ in FIELDS[1:]:
        path = f"/managers/{importing.manager_id}/fields/{name}"
        (await importing.client.patch(path, json={"is_searchable": name in names})).raise_for_status()


async def caught_up(stack: Stack, importing: Importing, *names: str) -> None:
    """Wait until the search holds the values of these fields of all contacts, and nothing else."""
    database = await stack.connect()

    async def is_so() -> bool:
        contacts = await importing.contacts()
        wanted = {
            (unique_id, search_text(str(fields[name])))
            for unique_id, fields in contacts.items()
            for name in names
            if fields[name]
        }
        rows = await database.fetch(
            "SELECT unique_id, value FROM contact_search WHERE manager_id = $1", importing.manager_id
        )
        return {(row["unique_id"], row["value"]) for row in rows} == wanted

    await until(is_so, within=CAUGHT_UP, what="the search has caught up", every=0.1)
    await database.close()


async def found(importing: Importing, q: str) -> list[str]:
    answer = await importing.client.get(f"/managers/{importing.manager_id}/contacts", params={"q": q, "limit": 500})
    assert answer.status_code == 200, answer.text
    assert answer.json()["search_lag"] == 0
    return [item["unique_id"] for item in answer.json()["items"]]


async def new_import(client: httpx.AsyncClient, text: str, **options: object) -> Importing:
    return await set_up_import(client, await uploaded(client, text), fields=FIELDS, options=dict(options))


async def test_runs_and_undos_are_found(stack: Stack, client: httpx.AsyncClient) -> None:
    importing = await new_import(client, people("Änne"), delete_missing=True)
    await mark(importing, "Name", "Email")
    first = await importing.run()
    assert first["counts"]["added"] == PEOPLE
    await caught_up(stack, importing, "Name", "Email")
    everybody = [f"{number:03}" for number in range(PEOPLE)]
    assert await found(importing, "anne") == everybody
    assert await found(importing, "P39@") == ["039"]
    await importing.change(source=await uploaded(client, people("Zoë", start=10, end=PEOPLE + 5)))
    second = await importing.run()
    assert (second["counts"]["updated"], second["counts"]["deleted"]) == (PEOPLE - 10, 10)
    await caught_up(stack, importing, "Name", "Email")
    assert await found(importing, "ann") == []
    assert await found(importing, "zoe") == [f"{number:03}" for number in range(10, PEOPLE + 5)]
    undo = (await client.post(f"/runs/{second['id']}/undo", json={})).json()
    await importing.finished(undo["id"])
    await caught_up(stack, importing, "Name", "Email")
    assert await found(importing, "anne") == everybody
    await mark(importing, "Email")
    await caught_up(stack, importing, "Email")
    assert await found(importing, "anne") == []


async def test_a_killed_syncer_goes_on_where_it_was(stack: Stack, client: httpx.AsyncClient) -> None:
    importing = await new_import(client, people("Ann", end=6_000))
    assert (await importing.run())["status"] == "succeeded"
    await mark(importing, "Name", "Email")
    assert stack.kill_service("syncer")
    await caught_up(stack, importing, "Name", "Email")
    assert len(await found(importing, "ann 0")) == 100


async def test_fields_are_marked_and_contacts_found_by_mouse(
    stack: Stack, client: httpx.AsyncClient, page: Page
) -> None:
    importing = await new_import(client, people("Änne", end=70))
    assert (await importing.run())["status"] == "succeeded"
    address = f"{stack.url}/managers/{importing.manager_id}"
    await page.goto(address)
    await expect(page.locator("#q-where")).to_have_text("What begins with this, in: No.")
    await page.get_by_label("Name", exact=True).check()
    await page.get_by_label("Email", exact=True).check()
    await page.get_by_role("button", name="Save searchable fields").click()
    await page.wait_for_url(f"{address}#fields")
    await expect(page.locator("#q-where")).to_contain_text("in: No, Name, Email. Except in No, capitals and accents")
    await expect(page.get_by_label("Email", exact=True)).to_be_checked()
    await caught_up(stack, importing, "Name", "Email")
    await page.get_by_label("Find contacts").fill("ANNE")
    await page.get_by_role("button", name="Find", exact=True).click()
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(50)
    await expect(rows.first.locator(".found")).to_have_text("Name")
    await page.get_by_role("link", name="Next page").click()
    await expect(rows).to_have_count(20)
    await expect(page.get_by_label("Find contacts")).to_have_value("ANNE")
    await page.get_by_role("link", name="Show all").click()
    await expect(page.get_by_label("Find contacts")).to_have_value("")


async def tab_to(page: Page, selector: str) -> None:
    """Go by the Tab key alone to what is looked for."""
    for _ in range(MOST_TABS):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {selector}")


async def test_fields_are_marked_and_contacts_found_by_keyboard(
    stack: Stack, client: httpx.AsyncClient, page: Page
) -> None:
    importing = await new_import(client, people("Bob", end=8))
    assert (await importing.run())["status"] == "succeeded"
    await page.goto(f"{stack.url}/managers/{importing.manager_id}")
    await tab_to(page, "[name=searchable][value=Name]")
    await page.keyboard.press("Space")
    await tab_to(page, "form[action$=searchable-fields] button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#q-where")).to_contain_text("in: No, Name.")
    await caught_up(stack, importing, "Name")
    await page.reload()
    await tab_to(page, "#q")
    await page.keyboard.type("bob 003")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await tab_to(page, "tbody a")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("003")


async def test_a_search_that_is_behind_says_so(stack: Stack, client: httpx.AsyncClient, page: Page) -> None:
    importing = await new_import(client, people("Bob", end=8))
    await mark(importing, "Name")
    assert (await importing.run())["status"] == "succeeded"
    await caught_up(stack, importing, "Name")
    holding = await stack.connect()
    async with holding.transaction():
        await holding.execute("SELECT FROM search_cursors WHERE manager_id = $1 FOR UPDATE", importing.manager_id)
        contact = f"/managers/{importing.manager_id}/contacts/new"
        (await client.put(contact, json={"fields": {"Name": "Bobby"}})).raise_for_status()
        await page.goto(f"{stack.url}/managers/{importing.manager_id}?q=bob")
        await expect(page.get_by_role("status")).to_contain_text("The search is 1 change behind")
        await expect(page.locator("tbody tr")).to_have_count(8)
    await holding.close()
    await caught_up(stack, importing, "Name")
    await page.reload()
    await expect(page.get_by_role("status")).to_have_count(0)
    await expect(page.locator("tbody tr")).to_have_count(9)


async def test_what_contacts_hold_never_runs(
    stack: Stack, client: httpx.AsyncClient, page: Page, tmp_path: Path
) -> None:
    importing = await new_import(client, csv_of([["1", HOSTILE, ""], ["<b>2", f"{HOSTILE}2", ""]]))
    await mark(importing, "Name")
    assert (await importing.run())["status"] == "succeeded"
    await caught_up(stack, importing, "Name")
    await page.goto(f"{stack.url}/managers/{importing.manager_id}")
    await page.get_by_label("Find contacts").fill(HOSTILE.upper())
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.locator("tbody tr").first).to_contain_text(HOSTILE)
    assert await page.locator("tbody img, tbody b").count() == 0
