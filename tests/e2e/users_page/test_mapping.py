"""The mapping: columns and fields, fields that are added, the unique identifier, and the import itself."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser_page import READ
from tests.support.set_up_by_hand import ManagerByHand, SetUpByHand

pytestmark = pytest.mark.asyncio(loop_scope="session")

DONE = "Finished successfully"


async def at_mapping(manager: ManagerByHand, file: Path) -> SetUpByHand:
    set_up = await manager.set_up()
    await set_up.from_computer(file)
    await set_up.on_to("mapping")
    await expect(manager.page.locator("table.mapping .why").first).to_be_visible(timeout=READ)
    return set_up


async def test_columns_are_mapped_to_fields_old_and_new(manager: ManagerByHand, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("No,Name,E-mail,Nick\n1,Ann,a@example.com,Nan\n2,Bob,b@example.com,Bobby\n", encoding="utf-8")
    set_up, hands, page = await at_mapping(manager, file), manager.hands, manager.page
    columns = page.get_by_role("group", name="Import File columns")
    fields = page.get_by_role("group", name="Contact Manager Fields")
    await hands.press(page.get_by_role("button", name="Remove Name"))
    assert await set_up.steps.mapped() == [("No", "No"), ("E-mail", "Email")]

    await hands.write(page.get_by_label("Add a field to the contact manager"), "Called")
    await hands.press(set_up.button("Add Field"))
    await expect(fields.get_by_role("radio", name=re.compile("Called"))).to_be_visible()
    await hands.choose(columns.get_by_role("radio", name=re.compile("^Nick")))
    await hands.choose(fields.get_by_role("radio", name=re.compile("^Called")))
    await hands.press(set_up.button("Apply Mapping"))
    await hands.choose(columns.get_by_role("radio", name=re.compile("^Name")))
    await hands.choose(fields.get_by_role("radio", name=re.compile("^Town")))
    await hands.press(set_up.button("Apply Mapping"))
    assert (await set_up.steps.mapped())[2:] == [("Nick", "Called"), ("Name", "Town")]

    await hands.press(page.get_by_role("button", name="Remove E-mail"))
    await expect(page.locator("[data-left]")).to_contain_text("Columns that are not imported: E-mail.")
    await set_up.on_to("outcome")
    await hands.press(set_up.button("Run Import"))
    await manager.run_shown(DONE)
    contacts = await manager.contacts()
    assert contacts["1"] == {"No": "1", "Name": "", "Email": "", "Town": "Ann", "Called": "Nan"}
    assert set_up.steps.failures == []


async def test_the_unique_identifier_leaves_no_duplicates(manager: ManagerByHand, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("No,Name,E-mail\n1,Ann,a@example.com\n2,Anna,a@example.com\n3,Bob,b@example.com\n", "utf-8")
    set_up, hands, page = await at_mapping(manager, file), manager.hands, manager.page
    await hands.select(page.get_by_label("Field to use as a unique identifier"), "Email")
    await set_up.on_to("outcome")
    await hands.press(set_up.button("Run Import"))
    await manager.run_shown("Finished, with errors")  # a row that another has replaced is told
    contacts = await manager.contacts()
    assert {key: each["Name"] for key, each in contacts.items()} == {"a@example.com": "Anna", "b@example.com": "Bob"}
    assert set_up.steps.failures == []


async def test_generated_keys_are_nine_random_digits_in_place_of_the_files(
    manager: ManagerByHand, people: Path
) -> None:
    set_up, hands, page = await at_mapping(manager, people), manager.hands, manager.page
    assert ("No", "No") in await set_up.steps.mapped()
    await expect(page.get_by_label("Field to use as a unique identifier")).to_have_value("No")
    await hands.tick(set_up.box("Generate unique key automatically"))
    await set_up.on_to("outcome")
    await hands.press(set_up.button("Run Import"))
    await manager.run_shown(DONE)
    contacts = await manager.contacts()
    assert len(contacts) == 20
    assert all(re.fullmatch(r"\d{9}", key) for key in contacts)
    assert all(each["No"] == key for key, each in contacts.items())
    assert len({int(key) % 1000 for key in contacts}) > 10, "they are counted up, and not random"
    assert {each["Name"] for each in contacts.values()} == {f"Name {number}" for number in range(20)}
    assert set_up.steps.failures == []


async def test_back_leads_to_the_step_before_and_keeps_the_mapping(manager: ManagerByHand, people: Path) -> None:
    set_up, page = await at_mapping(manager, people), manager.page
    await manager.hands.press(page.get_by_role("button", name="Remove E-mail"))
    await set_up.back("preview")
    await set_up.next("mapping")
    assert await set_up.steps.mapped() == [("No", "No"), ("Name", "Name")]
    assert set_up.steps.failures == []
