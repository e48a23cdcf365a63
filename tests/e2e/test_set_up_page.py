"""The set-up page in a real browser: preview a file, take over what was found, save and run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support.browser_page import SetUpSteps, running_browser, signed_in
from tests.support.imports import set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = "Mitgliederliste;;;;\nMitgliedsnummer;Vorname;Ort;E-Mail;Kennwort\n{}"
ROW = "{0:04};Änne {0};München;p{0}@example.com;geheim-{0}\n"
FIELDS = [("Member no", "text"), ("First name", "text"), ("City", "text"), ("Email", "email"), ("Portal", "password")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


async def test_a_file_is_previewed_taken_over_and_imported(
    browser: Browser, embedded_stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "mitglieder.csv"
    file.write_bytes(PEOPLE.format("".join(ROW.format(number) for number in range(1, 31))).encode("cp1252"))
    async with embedded_stack.client() as client:
        body = {"name": "Members", "fields": [{"name": name, "kind": kind} for name, kind in FIELDS]}
        manager_id = (await client.post("/managers", json=body)).json()["id"]
        page = await signed_in(browser, embedded_stack)
        steps = SetUpSteps(page)
        await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
        await page.fill("[name=name]", "Mitglieder")
        await page.check("[name=source][value=upload]")
        await page.set_input_files("[name=file]", file)
        await steps.go_on("options", "preview")
        shown = page.locator("#preview")
        await expect(shown).to_contain_text("Semicolon", timeout=20_000)
        await expect(shown).to_contain_text("30 rows in all")
        await expect(shown.locator("table.rows tbody tr").first).to_contain_text("Änne 1")
        await expect(shown.locator("[data-encoding=cp1252]")).to_be_visible()
        assert "geheim" not in await page.content()

        await shown.locator("[data-encoding=cp1252]").click()
        await expect(shown).to_contain_text("As you chose.", timeout=20_000)
        assert await page.is_checked("[name=delimiter][value=semicolon]")
        assert await page.input_value("[name=skip_lines]") == "1"
        assert await page.input_value("[name=encoding]") == "cp1252"
        await steps.go_on("mapping")
        columns = [await each.input_value() for each in await page.locator("table.mapping [name=column]").all()]
        assert columns == ["Mitgliedsnummer", "Vorname", "Ort", "E-Mail", "Kennwort", ""]
        assert await page.input_value("[name=key]") == "Member no"
        await page.locator("table.mapping [name=case]").nth(2).select_option("upper")
        await steps.go_on("outcome")
        await steps.dry_run_ended()
        await page.click("[data-finish]")
        await page.wait_for_url("**/imports")
        assert steps.failures == []

        (entry,) = (await client.get("/imports", params={"manager_id": manager_id})).json()["items"]
        assert entry["options"] | {"delimiter": ";", "skip_lines": 1, "encoding": "cp1252"} == entry["options"]
        assert entry["mapping"][2] == {"column": "Ort", "field": "City", "case": "upper"}
        await page.goto(f"{embedded_stack.url}/imports/{entry['id']}/edit")
        assert await page.locator("table.mapping [name=case]").nth(2).input_value() == "upper"
        await steps.go_to("mapping")
        await expect(page.locator("#mapping")).to_contain_text("The import “Mitglieder” maps it so.", timeout=20_000)
        assert await page.locator("table.mapping [name=case]").nth(2).input_value() == "upper"
        await page.close()


async def test_what_cannot_be_fetched_is_told_in_words(
    browser: Browser, embedded_stack: Stack, sftp: SftpServer
) -> None:
    (sftp.folder / "there.csv").write_text("No,Name,E-mail\n1,Ann,a@example.com\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        importing = await set_up_import(client, sftp_source(sftp, "there.csv"))
    page = await signed_in(browser, embedded_stack)
    await page.goto(f"{embedded_stack.url}/imports/{importing.import_id}/edit")
    steps = SetUpSteps(page)
    await steps.go_to("preview")
    shown = page.locator("#preview")
    await expect(shown).to_contain_text("there.csv", timeout=20_000)
    link = await page.input_value("[name=link]")
    await steps.go_to("source")
    await page.fill("[name=link]", link.replace("there", "nowhere"))
    await steps.go_to("preview")
    await expect(shown.locator("[role=alert]")).to_be_visible(timeout=20_000)
    await steps.go_to("source")
    await page.fill("[name=link]", link)
    await steps.go_to("preview")
    await page.check("[name=delimiter][value=pipe]")
    await expect(shown).to_contain_text("As you chose.", timeout=20_000)
    await expect(shown).to_contain_text("1 column,")
    await page.close()


async def test_an_ambiguous_date_is_asked_and_a_new_file_is_detected_anew(
    browser: Browser, embedded_stack: Stack, tmp_path: Path
) -> None:
    """The column that nobody maps has dates of its own, which play no part."""
    dates, others = tmp_path / "dates.csv", tmp_path / "others.csv"
    dates.write_text("No;Birthday;Price;Version\n1;01/02/1990;2,5;1.5\n2;03/04/1991;3,5;1.6\n", encoding="utf-8")
    others.write_text("\ufeffNo,Birthday,Price\n1,31.12.1990,2.5\n2,01.02.1991,3\n", encoding="utf-8")
    fields = [("No", "text"), ("Birthday", "date"), ("Price", "number")]
    async with embedded_stack.client() as client:
        body = {"name": "Dates", "fields": [{"name": name, "kind": kind} for name, kind in fields]}
        manager_id = (await client.post("/managers", json=body)).json()["id"]
    page = await signed_in(browser, embedded_stack)
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    await page.check("[name=source][value=upload]")
    await page.set_input_files("[name=file]", dates)
    steps = SetUpSteps(page)
    await steps.go_on("options", "preview")
    shown = page.locator("#preview")
    await expect(shown).to_contain_text("Please choose", timeout=20_000)
    await page.click("[data-next]")
    await expect(page.locator("[data-step=preview] .said")).to_contain_text("Say how the file writes dates")
    await shown.get_by_role("button", name="1 February 1990").click()
    await expect(shown).not_to_contain_text("Please choose", timeout=20_000)
    assert await page.input_value("[name=date_format]") == "%d/%m/%Y"
    assert await page.input_value("[name=decimal_separator]") == ","
    await page.locator("[name=encoding]").evaluate("input => { input.value = 'cp1252' }")
    await page.locator("[name=encoding]").dispatch_event("change")

    await steps.go_back("options", "source")
    await page.set_input_files("[name=file]", others)
    await steps.go_on("options", "preview")
    await expect(shown).to_contain_text("DD.MM.YYYY", timeout=20_000)
    assert await page.is_checked("[name=delimiter][value=comma]")
    assert await page.input_value("[name=encoding]") == ""
    assert await page.input_value("[name=date_format]") == "%d.%m.%Y"
    assert await page.input_value("[name=decimal_separator]") == "."

    await page.check("[name=delimiter][value=pipe]")
    await expect(shown).to_contain_text("1 column,", timeout=20_000)
    await shown.locator("[data-detect]").click()
    await expect(shown).to_contain_text("3 columns,", timeout=20_000)
    assert await page.is_checked("[name=delimiter][value=comma]")
    await page.close()


async def test_fields_for_columns_without_one_are_added_at_once(
    browser: Browser, embedded_stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("No,Nick,E-mail,Password,Notes\n1,A,a@example.com,pw,x\n2,B,b@example.com,pw,y\n", encoding="utf-8")
    async with embedded_stack.client() as client:
        body = {"name": "Empty", "fields": [{"name": "Nick", "kind": "text"}]}
        manager_id = (await client.post("/managers", json=body)).json()["id"]
        page = await signed_in(browser, embedded_stack)
        await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
        await page.fill("[name=name]", "People")
        await page.check("[name=source][value=upload]")
        await page.set_input_files("[name=file]", file)
        steps = SetUpSteps(page)
        await steps.go_on("options", "preview")
        await expect(page.locator("#preview")).to_contain_text("2 rows in all", timeout=20_000)
        await steps.go_on("mapping")
        assert await steps.mapped() == [("Nick", "Nick")]
        fields = page.locator(".new-fields")
        await fields.locator("summary").click()
        assert [await each.input_value() for each in await fields.locator("select").all()] == [
            "text",
            "email",
            "password",
            "text",
        ]
        await fields.get_by_label("Field for No", exact=True).fill("Nick")
        for name in ("No", "E-mail", "Password"):
            await fields.locator(f"tr[data-column='{name}'] [type=checkbox]").check()
        await fields.locator("[data-new-fields]").click()
        await expect(fields.locator("[role=alert]")).to_have_text('There is a field "Nick" already.')
        await fields.get_by_label("Field for No", exact=True).fill("Number")
        await fields.locator("[data-new-fields]").click()
        await expect(fields.locator("tr[data-column]")).to_have_count(1)
        lines = page.locator("table.mapping tbody tr")
        mapped = [
            (await line.locator("[name=column]").input_value(), await line.locator("[name=field]").input_value())
            for line in await lines.all()
        ]
        assert mapped == [("Nick", "Nick"), ("No", "Number"), ("E-mail", "E-mail"), ("Password", "Password"), ("", "")]
        assert await page.locator("#columns option").count() == 5
        assert await page.locator("[name=key] option").all_inner_texts() == ["", "Nick", "Number", "E-mail"]
        assert await page.input_value("[name=name]") == "People"
        made = (await client.get(f"/managers/{manager_id}")).json()["fields"]
        assert [field["kind"] for field in made] == ["text", "text", "email", "password"]
        await page.close()


async def test_the_schedule_begins_in_the_zone_of_whoever_makes_it(browser: Browser, embedded_stack: Stack) -> None:
    async with embedded_stack.client() as client:
        manager_id = (await client.post("/managers", json={"name": "Zones", "fields": []})).json()["id"]
    page = await signed_in(browser, embedded_stack, zone="Europe/Berlin")
    await page.goto(f"{embedded_stack.url}/imports/new?manager={manager_id}")
    await expect(page.locator("[name=time_zone]")).to_have_value("Europe/Berlin")
