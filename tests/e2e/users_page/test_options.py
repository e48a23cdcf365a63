"""The second step: how the file is read, and what becomes of the contacts."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser_page import READ
from tests.support.file_server import ServedFile
from tests.support.mails import mail_about, mails_about
from tests.support.set_up_by_hand import OPTIONS, ManagerByHand, RemoteFile

pytestmark = pytest.mark.asyncio(loop_scope="session")

DONE = "Finished successfully"
UNCHANGED = "Not imported: the file has not changed"
SIGNS = [
    "a",
    ",b",
    ";c",
    ";d",
    "\te",
    "\tf",
    "\tg",
    *(f"|{sign}" for sign in "hijk"),
    *(f" {sign}" for sign in "lmnop"),
]
SIGNS += [f"~{sign}" for sign in "qrstuv"]
"""One comma, two semicolons, three tabs and so on: how many columns there are tells what divides them."""


async def test_the_first_line_is_a_header_only_where_that_is_chosen(manager: ManagerByHand, people: Path) -> None:
    set_up, page = await manager.set_up(), manager.page
    shown = page.locator("#preview")
    await set_up.from_computer(people)
    await set_up.next("options")
    await expect(set_up.box(OPTIONS["has_header"])).to_be_checked(timeout=READ)
    await manager.hands.tick(set_up.box(OPTIONS["has_header"]))
    await set_up.next("preview")
    await expect(shown).to_contain_text("21 rows in all")
    await expect(shown.locator("tbody tr").first).to_contain_text("E-mail")
    await set_up.back("options")
    await manager.hands.tick(set_up.box(OPTIONS["has_header"]))
    await set_up.next("preview")
    await expect(shown).to_contain_text("20 rows in all", timeout=READ)
    await expect(shown.get_by_role("columnheader", name="E-mail")).to_be_visible()
    await set_up.on_to("outcome")
    await manager.hands.press(set_up.button("Run Import"))
    await manager.run_shown(DONE)
    assert "No" not in await manager.contacts()
    assert set_up.steps.failures == []


async def test_each_delimiter_divides_the_columns(manager: ManagerByHand, tmp_path: Path) -> None:
    file = tmp_path / "signs.csv"
    file.write_text("".join(SIGNS) + "\n" + "".join(SIGNS).upper() + "\n", encoding="utf-8")
    set_up, hands, page = await manager.set_up(), manager.hands, manager.page
    shown = page.locator("#preview")
    await set_up.from_computer(file)
    await set_up.next("options")
    await expect(set_up.radio("Other")).to_be_checked(timeout=READ)  # which it was found to be
    for name, columns in (("Comma", 2), ("Semicolon", 3), ("Tab", 4), ("Pipe |", 5), ("Space", 6)):
        await hands.choose(set_up.radio(name))
        if columns == 2:
            await set_up.next("preview")
        await expect(shown).to_contain_text(f"{columns} columns,", timeout=READ)
    await set_up.back("options")
    await hands.choose(set_up.radio("Other"))
    await hands.write(page.get_by_label("Other delimiter"), "~")
    await set_up.next("preview")
    await expect(shown).to_contain_text("7 columns,", timeout=READ)
    assert set_up.steps.failures == []


async def test_missing_contacts_are_deleted_only_where_that_is_chosen(
    manager: ManagerByHand, served: ServedFile
) -> None:
    served.write(["1", "One"], ["2", "Two"])
    importing = await manager.import_ready(served.url)
    await importing.run()
    served.write(["2", "Two"], ["3", "Three"])
    await manager.go("people", DONE)
    assert set(await manager.contacts()) == {"1", "2", "3"}
    await (await manager.edit("people")).save_options(delete_missing=True)
    await manager.go("people", DONE)
    assert set(await manager.contacts()) == {"2", "3"}


async def test_existing_contacts_are_updated_only_where_that_is_chosen(
    manager: ManagerByHand, served: ServedFile
) -> None:
    served.write(["1", "One"], ["2", "Two"])
    importing = await manager.import_ready(served.url)
    await importing.run()
    await (await manager.edit("people")).save_options(update_existing=False)
    served.write(["1", "Uno"], ["3", "Three"])
    await manager.go("people", DONE)
    assert {key: each["Name"] for key, each in (await manager.contacts()).items()} == {
        "1": "One",
        "2": "Two",
        "3": "Three",
    }
    await (await manager.edit("people")).save_options(update_existing=True)
    await manager.go("people", DONE)
    assert (await manager.contacts())["1"]["Name"] == "Uno"


async def test_errors_during_the_import_are_mailed(manager: ManagerByHand, served: ServedFile) -> None:
    served.write(["1", "One"])
    set_up, page = await manager.set_up(), manager.page
    await set_up.from_network("HTTP", RemoteFile(served.url))
    await set_up.next("options")
    await manager.hands.write(page.get_by_label("Specify an email in case of errors"), "it@example.com, hr@example.com")
    await set_up.on_to("run")
    await set_up.finish("Save without running")
    good = await manager.go("people", DONE)
    served.take_away()
    run = await manager.go("people", "Failed")
    mail = await mail_about(manager.stack, run["id"])
    assert mail["To"] == "it@example.com, hr@example.com"
    assert "people" in mail["Subject"]
    assert mails_about(manager.stack, good["id"]) == []
    assert set(await manager.contacts()) == {"1"}


async def test_an_unchanged_file_is_imported_only_where_every_time_is_chosen(
    manager: ManagerByHand, served: ServedFile
) -> None:
    served.write(["1", "One"])
    importing = await manager.import_ready(served.url)
    await importing.run()
    before = (await manager.go("people", UNCHANGED))["counts"]
    assert before["read"] == 0
    set_up = await manager.edit("people")
    await set_up.jump("options")
    heights = [await set_up.box(label).bounding_box() for label in OPTIONS.values()]
    assert [each["y"] for each in heights if each] == sorted(each["y"] for each in heights if each)
    await set_up.jump("source")
    await set_up.save_options(every_time=True)
    for _ in range(2):
        assert (await manager.go("people", DONE))["counts"]["read"] == 1
