"""What keeps contacts from being deleted by accident, and passwords as they are."""

import re

import pytest
import pytest_asyncio

from tests.support.file_server import ServedFile
from tests.support.hands import Hands
from tests.support.imports import Importing
from tests.support.set_up_by_hand import ManagerByHand, make_manager
from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

DONE = "Finished successfully"
DAILY = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}
TEN = [[str(number), f"Name {number}"] for number in range(10)]
WITH_PASSWORD = ("No", "Name", "Password")


async def held_back(manager: ManagerByHand, served: ServedFile) -> None:
    """Have an import that deletes, on a schedule, refuse a file with one contact of ten."""
    served.write(*TEN)
    importing = await manager.import_ready(served.url, options={"delete_missing": True}, schedule=DAILY)
    assert (await importing.run())["status"] == "succeeded"
    served.write(TEN[0])
    run = await manager.go("people", "Refused, to protect the contacts")
    assert run["error"]["code"] == "guard_ten_percent"
    assert len(await manager.contacts()) == 10


async def test_a_file_with_a_tenth_of_the_contacts_is_imported_once_nothing_is_deleted(
    manager: ManagerByHand, served: ServedFile
) -> None:
    await held_back(manager, served)
    await (await manager.edit("people")).save_options(delete_missing=False)
    await manager.go("people", DONE)
    assert len(await manager.contacts()) == 10


async def test_a_file_with_a_tenth_of_the_contacts_is_imported_once_some_were_deleted_by_hand(
    manager: ManagerByHand, served: ServedFile
) -> None:
    await held_back(manager, served)
    hands, page = manager.hands, manager.page
    await page.goto(f"{manager.stack.url}/managers/{manager.id}")
    await hands.press(page.get_by_role("link", name="9", exact=True))
    await hands.press(page.get_by_role("link", name="Edit", exact=True))
    await hands.press(page.get_by_role("link", name="Delete", exact=True))
    await hands.press(page.get_by_role("button", name="Delete", exact=True))
    await page.wait_for_url(f"**/managers/{manager.id}*")
    assert len(await manager.contacts()) == 9
    await manager.go("people", DONE)
    assert set(await manager.contacts()) == {"0"}


async def fits(importing: Importing, password: str) -> bool:
    """Tell whether the portal lets the first contact in with a password."""
    body = {"unique_id": "1", "password": password}
    answer = await importing.client.post(f"/managers/{importing.manager_id}/portal-sign-in", json=body)
    assert answer.status_code in {204, 401}, answer.text
    return answer.status_code == 204


async def with_password(manager: ManagerByHand, served: ServedFile) -> Importing:
    served.write(["1", "One", "first"], header=WITH_PASSWORD)
    mapping = [{"column": name, "field": name} for name in WITH_PASSWORD]
    importing = await manager.import_ready(served.url, mapping=mapping)
    assert (await importing.run())["status"] == "succeeded"
    assert await fits(importing, "first")
    return importing


@pytest_asyncio.fixture(loop_scope="session")
async def portal(hands: Hands, manager: ManagerByHand, embedded_stack: Stack) -> ManagerByHand:
    """A contact manager whose contacts sign in to a portal."""
    fields = {"No": "text", "Name": "text", "Password": "password"}
    return await make_manager(hands, embedded_stack, manager.client, fields)


async def test_passwords_stay_where_their_column_is_not_mapped_any_more(
    portal: ManagerByHand, served: ServedFile
) -> None:
    importing = await with_password(portal, served)
    served.write(["1", "Uno", "second"], header=WITH_PASSWORD)
    set_up = await portal.edit("people")
    await set_up.jump("mapping")
    await portal.hands.press(portal.page.get_by_role("button", name=re.compile("^Remove Password")))
    await set_up.jump("run")
    await set_up.finish("Save without running")
    await portal.go("people", DONE)
    assert (await portal.contacts())["1"]["Name"] == "Uno"
    assert await fits(importing, "first")
    assert not await fits(importing, "second")


async def test_passwords_stay_where_the_file_leaves_them_empty(portal: ManagerByHand, served: ServedFile) -> None:
    importing = await with_password(portal, served)
    served.write(["1", "Uno", ""], header=WITH_PASSWORD)
    await portal.go("people", DONE)
    assert (await portal.contacts())["1"]["Name"] == "Uno"
    assert await fits(importing, "first")
