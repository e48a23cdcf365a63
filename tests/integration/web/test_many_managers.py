"""More contact managers than a list can hold: each is still found on the pages, and can be chosen for a webhook."""

import re
from uuid import UUID

import pytest

from shared.ids import new_id
from tests.integration.web.conftest import NOW, Web
from tests.integration.web.test_pages import csrf, found, sign_in
from tests.integration.web.test_webhooks_api import URL

MANY = 1205
ROW = r'<td><a href="/managers/[^"/]+">([^<]+)</a></td>'


@pytest.fixture
async def managers(web: Web) -> dict[str, UUID]:
    """Many managers, by name; those made last are the first by name."""
    made = {f"{'Branch' if number % 2 else 'branch'} {MANY - number:04}": new_id() for number in range(MANY)}
    records = [(manager_id, name, NOW) for name, manager_id in made.items()]
    await web.db.copy_records_to_table("managers", records=records, columns=["id", "name", "created_at"])
    await sign_in(web)
    return made


async def test_all_managers_are_listed_by_name_in_pages(web: Web, managers: dict[str, UUID]) -> None:
    listed: list[str] = []
    address = "/"
    while address:
        text = (await web.browser.get(address)).text
        listed += found(ROW, text)
        address = next(iter(found(r'href="([^"]+)" rel="next"', text)), "")
    assert listed == sorted(managers, key=str.lower)


async def test_a_manager_is_found_by_a_part_of_its_name(web: Web, managers: dict[str, UUID]) -> None:
    text = (await web.browser.get("/?q=NCH 0007")).text
    assert [name.lower() for name in found(ROW, text)] == ["branch 0007"]
    assert "name holds “nobody”." in (await web.browser.get("/?q=nobody")).text
    assert (await web.browser.get("/?cursor=x")).status_code == 422
    assert len(managers) == MANY


async def test_each_manager_can_be_chosen_for_a_webhook(web: Web, managers: dict[str, UUID]) -> None:
    last = max(managers, key=str.lower)
    option = f'<option value="{managers[last]}"'
    assert option not in (await web.browser.get("/webhooks")).text
    assert option in (await web.browser.get(f"/webhooks?q={last}")).text
    fields = {"csrf": await csrf(web), "url": URL, "events": "contacts.changed", "manager_id": str(managers[last])}
    refused = await web.browser.post("/webhooks", data=fields | {"url": "nonsense"})
    assert f"{option} selected" in refused.text
    assert (await web.browser.post("/webhooks", data=fields)).status_code == 200
    listed = (await web.browser.get("/webhooks")).text
    assert f"<td>{last}</td>" in listed
    (address,) = re.findall(r'href="(/webhooks/[0-9a-f-]+)"', listed)
    assert f"{option} selected" in (await web.browser.get(address)).text
    other = min(managers, key=str.lower)
    found_for_it = (await web.browser.get(f"{address}?q={other}")).text
    assert f'<option value="{managers[other]}"' in found_for_it
    assert f"{option} selected" in found_for_it


async def test_few_managers_need_no_search(web: Web) -> None:
    await sign_in(web)
    await web.manager()
    assert 'role="search"' not in (await web.browser.get("/")).text
    assert 'role="search"' not in (await web.browser.get("/webhooks")).text
