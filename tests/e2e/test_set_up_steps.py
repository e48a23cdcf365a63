"""The set-up step by step in a real browser, with mouse and with keyboard alone: each step, Back, and drafts."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support.browser_page import READ, SetUpSteps, running_browser, signed_in
from tests.support.hands import Keyboard
from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = [("No", "text"), ("Name", "text"), ("Email", "email"), ("Town", "text")]
PEOPLE = csv_of([[f"{number:03}", f"Name {number}", f"p{number}@example.com"] for number in range(20)])


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
    file = tmp_path / "people 2026.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    return file


async def make_manager(stack: Stack, name: str) -> str:
    async with stack.client() as client:
        body = {"name": name, "fields": [{"name": each, "kind": kind} for each, kind in FIELDS]}
        manager_id: str = (await client.post("/managers", json=body)).json()["id"]
        return manager_id


async def imports_of(stack: Stack, manager_id: str) -> list[dict[str, Any]]:
    async with stack.client() as client:
        found: list[dict[str, Any]] = (await client.get("/imports", params={"manager_id": manager_id})).json()["items"]
        return found


async def contacts_of(stack: Stack, manager_id: str) -> int:
    async with stack.client() as client:
        count: int = (await client.get(f"/managers/{manager_id}")).json()["contact_count"]
        return count


async def at_mapping(page: Page, stack: Stack, name: str, people: Path) -> tuple[SetUpSteps, str]:
    """Go on to the mapping of a file, to a new manager."""
    manager_id = await make_manager(stack, name)
    await page.goto(f"{stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", people)
    await steps.go_on("options", "preview", "mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    return steps, manager_id


async def test_the_preview_follows_what_is_chosen(page: Page, embedded_stack: Stack, people: Path) -> None:
    manager_id = await make_manager(embedded_stack, "Preview")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_text("Select from your computer").click()
    await (await chooser.value).set_files(people)
    await expect(page.locator("[name=name]")).to_have_value("people 2026")
    await steps.go_on("options", "preview")
    shown = page.locator("#preview")
    await expect(shown.locator("table.rows tbody tr").first).to_contain_text("Name 0", timeout=READ)
    await page.check("[name=delimiter][value=semicolon]")
    await expect(shown).to_contain_text("1 column,", timeout=READ)
    await page.check("[name=delimiter][value=comma]")
    await expect(shown).to_contain_text("3 columns,", timeout=READ)
    await page.get_by_text("Consider First Line as Header").click()
    await expect(shown).to_contain_text("21 rows in all", timeout=READ)
    await page.get_by_text("Consider First Line as Header").click()
    await expect(shown).to_contain_text("20 rows in all", timeout=READ)
    assert steps.failures == []


async def test_a_file_is_dragged_in_and_what_was_found_fills_the_options(page: Page, embedded_stack: Stack) -> None:
    manager_id = await make_manager(embedded_stack, "Dragged")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    make = """text => {
        const dragged = new DataTransfer();
        dragged.items.add(new File([text], "dragged-{YYYY}.csv"));
        return dragged;
    }"""
    dragged = await page.evaluate_handle(make, PEOPLE.replace(",", "|"))
    await page.dispatch_event("[data-drop]", "drop", {"dataTransfer": dragged})
    await expect(page.locator("[name=source][value=upload]")).to_be_checked()
    await expect(page.locator("[name=name]")).to_have_value("dragged")
    await steps.go_on("options")
    await expect(page.locator("[name=delimiter][value=pipe]")).to_be_checked(timeout=READ)
    await steps.go_on("preview", "mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    assert await steps.mapped() == [("No", "No"), ("Name", "Name"), ("E-mail", "Email")]
    assert steps.failures == []


async def test_columns_are_mapped_by_mouse(page: Page, embedded_stack: Stack, people: Path) -> None:
    steps, _ = await at_mapping(page, embedded_stack, "Mapping", people)
    assert await steps.mapped() == [("No", "No"), ("Name", "Name"), ("E-mail", "Email")]
    await expect(page.locator("table.mapping .why").first).to_contain_text("% sure")
    await expect(page.locator("[data-left]")).to_have_text("Fields that stay as they are: Town.")
    for column in ("Name", "E-mail"):
        await page.get_by_role("button", name=f"Remove {column}").click()
    assert await steps.mapped() == [("No", "No")]
    await expect(page.locator("[data-left]")).to_contain_text("Columns that are not imported: Name, E-mail.")
    columns, fields = page.locator("[data-columns]"), page.locator("[data-fields]")
    await expect(columns.locator("label", has_text="E-mail")).to_contain_text("p0@example.com")
    await expect(columns.locator("label", has_text="E-mail")).to_contain_text("100 % filled")
    await columns.get_by_text("Name", exact=True).click()
    await fields.get_by_text("Town", exact=True).click()
    await page.get_by_role("button", name="Apply Mapping").click()
    await columns.locator("label", has_text="E-mail").drag_to(fields.locator("label", has_text="Email"))
    assert await steps.mapped() == [("No", "No"), ("Name", "Town"), ("E-mail", "Email")]
    await page.get_by_role("button", name="Remove Name").click()
    await page.get_by_label("Add a field to the contact manager").fill("Full name")
    await page.get_by_role("button", name="Add Field").click()
    await columns.get_by_text("Name", exact=True).click()
    await expect(fields.get_by_label("Full name")).to_be_checked()
    await page.get_by_role("button", name="Apply Mapping").click()
    assert await steps.mapped() == [("No", "No"), ("E-mail", "Email"), ("Name", "Full name")]
    await page.get_by_text("Put the same value into every contact").click()
    await fields.get_by_text("Town", exact=True).click()
    await page.fill("#same-value", "Oslo")
    await page.get_by_role("button", name="Apply to all").click()
    assert (await steps.mapped())[-1] == ("", "Town")
    await page.get_by_role("button", name="Propose a mapping anew").click()
    assert await steps.mapped() == [("No", "No"), ("Name", "Name"), ("E-mail", "Email")]
    assert await page.input_value("[name=key]") == "No"
    assert steps.failures == []


async def test_what_will_happen_is_seen_and_then_done(page: Page, embedded_stack: Stack, people: Path) -> None:
    steps, manager_id = await at_mapping(page, embedded_stack, "Outcome", people)
    await steps.go_back("preview", "options")
    await page.check("[name=delete_missing]")
    await steps.go_on("preview", "mapping")
    await page.get_by_text("Generate unique key automatically").click()
    await expect(page.locator(".only-replaced")).to_contain_text("replace the whole contact manager")
    await page.get_by_text("Generate unique key automatically").click()
    await expect(page.locator(".only-replaced")).to_be_hidden()
    await steps.go_on("outcome")
    await steps.dry_run_ended()
    await expect(page.locator("#outcome")).to_contain_text("20 would be added, 0 updated, 0 deleted")
    await expect(page.locator("#outcome table.plan tbody")).to_have_count(5)
    assert await contacts_of(embedded_stack, manager_id) == 0
    assert await imports_of(embedded_stack, manager_id) == []
    await expect(page.locator("[data-next]")).to_be_hidden()
    await page.get_by_role("button", name="Run Import").click()
    await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=3 * READ)
    await expect(page.locator("dl.ties")).to_contain_text("Approves")
    assert await contacts_of(embedded_stack, manager_id) == 20
    assert [entry["name"] for entry in await imports_of(embedded_stack, manager_id)] == ["people 2026"]
    assert steps.failures == []


async def enter_source(page: Page, source: dict[str, Any]) -> None:
    await page.fill("[name=link]", str(source["url"]).removeprefix("sftp://"))
    await page.fill("#source-login", str(source["login"]))
    if "password" in source:
        await page.fill("#source-password", str(source["password"]))
    if "private_key" in source:
        await page.click("[data-step=source] details summary")
        await page.fill("#private-key", str(source["private_key"]))
    await page.fill("[name=name]", "Shown")


async def enter_source_by_keyboard(hands: Keyboard, source: dict[str, Any]) -> None:
    page = hands.page
    await hands.write(page.locator("[name=link]"), str(source["url"]).replace("sftp://", "SFTP://"))
    await hands.write(page.locator("#source-login"), str(source["login"]))
    await expect(page.locator("[name=protocol]")).to_have_value("sftp")
    await expect(page.locator("[name=link]")).to_have_value(str(source["url"]).removeprefix("sftp://"))
    await expect(page.locator("[name=name]")).to_have_value("staff")
    if "password" in source:
        await hands.write(page.locator("#source-password"), str(source["password"]))
    if "private_key" in source:
        await hands.press(page.locator("[data-step=source] details summary"))
        await hands.write(page.locator("#private-key"), str(source["private_key"]))
    await hands.press(page.locator("[data-test-connection]"))
    await expect(page.locator("#connection-test")).to_contain_text("The file can be fetched.", timeout=READ)


async def map_by_keyboard(hands: Keyboard) -> None:
    page = hands.page
    await hands.press(page.get_by_role("button", name="Remove Name"))
    await hands.choose(page.locator("[name=pick-column]").first)
    await hands.choose(page.locator("[name=pick-field]").nth(1))
    await hands.press(page.locator("[data-apply]"))


async def schedule_by_keyboard(hands: Keyboard) -> None:
    page = hands.page
    await hands.choose(page.locator("[name=repeat][value=daily]"))
    await expect(page.locator("[name=time_zone]")).to_have_value("Europe/Berlin")
    await expect(page.locator("#schedule-emails")).to_have_value("it@example.com")
    await hands.write_time(page.locator("[name=start]"), datetime(2099, 12, 1, 6, 30))  # noqa: DTZ001 - a clock's time
    await expect(page.locator("#schedule-preview")).to_contain_text("Every day at 06:30 (Europe/Berlin)")
    await expect(page.locator("#schedule-preview")).to_contain_text("5 Dec 2099, 06:30 Europe/Berlin")


async def test_each_step_by_keyboard_alone(page: Page, embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "staff.csv").write_text(PEOPLE, encoding="utf-8")
    manager_id = await make_manager(embedded_stack, "By keyboard")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps, hands = SetUpSteps(page), Keyboard(page)
    await enter_source_by_keyboard(hands, sftp_source(sftp, "staff.csv"))
    await hands.press(page.locator("[data-next]"))
    await steps.stands_at("options")
    await hands.write(page.locator("[name=error_emails]"), "it@example.com")
    await page.keyboard.press("Enter")  # goes on, and saves nothing
    await steps.stands_at("preview")
    await expect(page.locator("#preview table.rows")).to_be_visible(timeout=READ)
    await hands.press(page.locator("[data-next]"))
    await steps.stands_at("mapping")
    await map_by_keyboard(hands)
    assert await steps.mapped() == [("No", "No"), ("E-mail", "Email"), ("Name", "Town")]
    await hands.press(page.locator("[data-next]"))
    await steps.stands_at("outcome")
    await steps.dry_run_ended()
    await hands.press(page.locator("[data-next]"))
    await steps.stands_at("run")
    await schedule_by_keyboard(hands)
    await hands.press(page.get_by_role("button", name="Finish"))
    await page.wait_for_url("**/imports")
    (entry,) = await imports_of(embedded_stack, manager_id)
    assert entry["next_run_at"] == "2099-12-01T05:30:00Z"
    assert entry["options"]["error_emails"] == ["it@example.com"]
    assert (entry["latest_run"]["dry_run"], entry["latest_run"]["status"]) == (True, "planned")
    assert await contacts_of(embedded_stack, manager_id) == 0
    assert steps.failures == []


async def test_back_loses_nothing_and_a_draft_goes_on_where_it_was_left(
    page: Page, embedded_stack: Stack, people: Path
) -> None:
    manager_id = await make_manager(embedded_stack, "Back")
    home = f"{embedded_stack.url}/managers/{manager_id}/imports"
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", people)
    await page.fill("[name=name]", "Half made")
    await steps.go_on("options")
    await page.check("[name=every_time]")
    await steps.go_on("preview", "mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    await page.get_by_role("button", name="Remove Name").click()
    await steps.go_on("outcome")
    await steps.dry_run_ended()
    await steps.go_back("mapping")
    assert await steps.mapped() == [("No", "No"), ("E-mail", "Email")]
    await page.go_back()
    await steps.stands_at("outcome")
    await steps.go_back("mapping", "preview", "options", "source")
    assert await page.input_value("[name=name]") == "Half made"
    await expect(page.locator("#uploaded")).to_contain_text("people 2026.csv")
    await page.click("[data-back]")
    await page.wait_for_url(home)
    assert await imports_of(embedded_stack, manager_id) == []

    await page.get_by_role("link", name="Continue Half made").click()
    await steps.stands_at_start()
    assert await page.is_checked("[name=every_time]")
    await steps.go_to("mapping")
    await expect(page.locator("[data-columns]")).to_contain_text("Name 0", timeout=READ)
    assert await steps.mapped() == [("No", "No"), ("E-mail", "Email")]
    await page.goto(home)
    await page.get_by_role("button", name="Discard Half made").click()
    await expect(page.locator("#drafts")).to_have_count(0)
    assert steps.failures == []


async def test_what_a_file_says_is_never_taken_for_markup(page: Page, embedded_stack: Stack, tmp_path: Path) -> None:
    bad = "<img src=x onerror=document.body.id='hit'>"
    file = tmp_path / "<b>bold.csv"
    file.write_text(f"No,{bad},E-mail\n1,{bad},a@example.com\n2,{bad},b@example.com\n", encoding="utf-8")
    steps, manager_id = await at_mapping(page, embedded_stack, bad, file)
    await expect(page.locator("[data-columns]")).to_contain_text(bad)
    await page.locator(".new-fields summary").click()
    await page.locator(".new-fields [type=checkbox]").first.check()
    await page.locator("[data-new-fields]").click()
    await expect(page.locator("table.mapping tbody tr:visible")).to_have_count(3)
    assert (bad, bad) in await steps.mapped()
    await steps.go_on("outcome")
    await steps.dry_run_ended()
    await expect(page.locator("#outcome")).to_contain_text(bad)
    assert await page.locator("main img, main b, body#hit").count() == 0
    await page.goto(f"{embedded_stack.url}/managers/{manager_id}/imports")
    await expect(page.locator("#drafts")).to_contain_text("<b>bold")
    assert await page.locator("main img, main b").count() == 0
    assert await page.locator("body#hit").count() == 0
    assert steps.failures == []


async def test_what_is_wrong_leads_to_the_step_that_has_it(page: Page, embedded_stack: Stack, people: Path) -> None:
    manager_id = await make_manager(embedded_stack, "Wrong")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    await page.fill("[name=link]", "files.example\\people.csv")
    await page.click("[data-next]")
    said = page.locator("[data-step=source] .said")
    await expect(said).to_contain_text("backslash")
    await expect(page.locator("[name=link]")).to_have_attribute("aria-invalid", "true")
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", people)
    await steps.go_on("options")
    await page.fill("[name=error_emails]", "nobody")
    await page.click("[data-next]")
    await expect(page.locator("[name=error_emails]")).to_be_focused()
    await expect(page.locator("[data-step=options] .said")).to_contain_text("is not an e-mail address")
    await page.fill("[name=error_emails]", "it@example.com")
    await steps.go_on("preview", "mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    await page.locator("[name=key]").select_option("Town")
    await page.click("[data-next]")
    await expect(page.locator("[data-step=mapping] .said")).to_contain_text('No column is mapped to "Town"')
    await expect(page.locator("[name=key]")).to_be_focused()


async def test_an_edit_is_tried_before_anything_is_saved(page: Page, embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "edited.csv").write_text(PEOPLE, encoding="utf-8")
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "edited.csv"))
        assert (await importing.run())["status"] == "succeeded"
        (sftp.folder / "edited.csv").write_text(csv_of([["001", "New name", ""]]), encoding="utf-8")
        before = (await client.get(f"/imports/{importing.import_id}")).json()
        await page.goto(f"{embedded_stack.url}/imports/{importing.import_id}/edit")
        steps = SetUpSteps(page)
        await steps.go_to("options")
        await page.check("[name=delete_missing]")
        await steps.go_to("outcome")
        await steps.dry_run_ended()
        outcome = page.locator("#outcome")
        await expect(outcome).to_contain_text("0 would be added, 1 updated, 19 deleted")
        await expect(outcome).to_contain_text("On a schedule it would be refused")
        await expect(outcome.locator(".before").first).to_have_text("Name 1")
        assert (await client.get(f"/imports/{importing.import_id}")).json() == before
        await steps.go_to("run")
        await page.get_by_role("button", name="Run Import").click()
        await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=3 * READ)
        assert list(await importing.contacts()) == ["001"]
        assert [entry["id"] for entry in await imports_of(embedded_stack, importing.manager_id)] == [
            importing.import_id
        ]
    await page.goto(f"{embedded_stack.url}/managers/{importing.manager_id}/imports")
    await expect(page.locator("#drafts")).to_have_count(0)


async def test_only_what_this_page_has_shown_is_run(page: Page, embedded_stack: Stack, sftp: SftpServer) -> None:
    (sftp.folder / "shown.csv").write_text(PEOPLE, encoding="utf-8")
    manager_id = await make_manager(embedded_stack, "Shown")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    steps = SetUpSteps(page)
    await enter_source(page, sftp_source(sftp, "shown.csv"))
    await steps.go_on("options", "preview", "mapping")
    await expect(page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    await steps.go_on("outcome")
    await steps.dry_run_ended()
    await steps.go_on("run")
    run, untried = page.get_by_role("button", name="Run Import"), page.locator("[data-untried]")
    await expect(run).to_be_enabled()
    await page.check("[name=repeat][value=weekdays]")
    await expect(run).to_be_disabled()
    await expect(untried).to_be_visible()
    await page.check("[name=repeat][value=none]")
    await expect(run).to_be_enabled()
    await expect(untried).to_be_hidden()

    await page.reload()
    await expect(page.locator("[data-step=run]")).to_be_visible()
    await expect(run).to_be_disabled()
    (sftp.folder / "shown.csv").write_text(csv_of([["001", "Only one", "one@example.com"]]), encoding="utf-8")
    await untried.get_by_role("button").click()
    await steps.stands_at("outcome")
    await steps.dry_run_ended()
    await expect(page.locator("#outcome")).to_contain_text("1 would be added")
    await steps.go_on("run")
    await run.click()
    await expect(page.locator("[data-state]")).to_have_text("Finished successfully", timeout=3 * READ)
    await expect(page.locator("dl.ties")).to_contain_text("Approves")
    assert await contacts_of(embedded_stack, manager_id) == 1
    assert steps.failures == []


async def test_a_session_that_ended_and_a_stream_that_broke_are_told(
    page: Page, embedded_stack: Stack, people: Path
) -> None:
    _, manager_id = await at_mapping(page, embedded_stack, "Ended", people)
    await page.route("**/events", lambda route: route.fulfill(status=204))
    await page.click("[data-next]")
    outcome = page.locator("#outcome")
    await expect(outcome.get_by_role("button", name="Dry run again")).to_be_visible(timeout=READ)
    await page.unroute("**/events")
    await page.context.clear_cookies()
    await outcome.get_by_role("button").click()
    await expect(outcome).to_contain_text("Your session has ended")
    await expect(page.get_by_role("button", name="Run Import")).to_be_disabled()
    assert await contacts_of(embedded_stack, manager_id) == 0
