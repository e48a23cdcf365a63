"""Contacts added, changed and deleted by hand, as a browser without scripts does it."""

from typing import Any

import httpx
import pytest

from tests.integration.web.conftest import LOGIN, Web
from tests.integration.web.test_pages import csrf, errors, found, sign_in

NEW = {"unique_id": "E7", "field-2": "ann@corp.example", "field-3": "first pass phrase"}


@pytest.fixture
async def manager_id(web: Web) -> str:
    await sign_in(web)
    return str((await web.manager())["id"])


async def post(web: Web, path: str, **fields: str) -> httpx.Response:
    return await web.browser.post(path, data={"csrf": await csrf(web), **fields})


async def add(web: Web, manager_id: str, **fields: str) -> httpx.Response:
    return await post(web, f"/managers/{manager_id}/contacts/new", **NEW | {"key_field": "Employee no"} | fields)


async def held(web: Web, manager_id: str) -> Any:
    return (await web.api.get(f"/managers/{manager_id}/contacts/E7")).json()["fields"]


async def opened(web: Web, manager_id: str) -> dict[str, str]:
    page = (await web.browser.get(f"/managers/{manager_id}/contacts/edit?unique_id=E7")).text
    return {
        "seen": found(r'name="seen" value="([^"]*)"', page)[0],
        "field-2": found(r'"field-2" value="([^"]*)"', page)[0],
    }


async def save(web: Web, manager_id: str, **fields: str) -> httpx.Response:
    return await post(web, f"/managers/{manager_id}/contacts/edit?unique_id=E7", **fields)


async def signs_in(web: Web, manager_id: str, password: str) -> bool:
    body = {"unique_id": "E7", "password": password}
    return (await web.api.post(f"/managers/{manager_id}/portal-sign-in", json=body)).status_code == 204


async def test_a_contact_is_added_and_its_history_says_by_whom(web: Web, manager_id: str) -> None:
    assert "Add a contact" in (await web.browser.get(f"/managers/{manager_id}")).text
    assert 'name="key_field"' in (await web.browser.get(f"/managers/{manager_id}/contacts/new")).text
    answer = await add(web, manager_id)
    assert answer.status_code == 303
    assert await held(web, manager_id) == {"Employee no": "E7", "Email": "ann@corp.example", "Portal": True}
    history = (await web.browser.get(answer.headers["location"])).text
    assert f"By hand: {LOGIN}" in history
    assert "first pass phrase" not in history
    assert 'name="key_field"' not in (await web.browser.get(f"/managers/{manager_id}/contacts/new")).text


async def test_what_is_wrong_stands_by_its_field_and_nothing_is_saved(web: Web, manager_id: str) -> None:
    answer = await add(web, manager_id, **{"field-2": "ann at corp"})
    assert answer.status_code == 422
    assert len(errors(answer)) == 1
    assert 'id="error-field-2"' in answer.text
    assert 'value="ann at corp"' in answer.text
    assert "first pass phrase" not in answer.text
    for missing in ({"unique_id": ""}, {"key_field": ""}):
        assert (await add(web, manager_id, **missing)).status_code == 422
    assert (await web.api.get(f"/managers/{manager_id}/contacts")).json()["items"] == []


async def test_adding_never_overwrites(web: Web, manager_id: str) -> None:
    await add(web, manager_id)
    answer = await add(web, manager_id, **{"field-2": "other@corp.example"})
    assert answer.status_code == 409
    assert "already" in errors(answer)[0]
    assert (await held(web, manager_id))["Email"] == "ann@corp.example"


async def test_a_contact_is_changed_and_its_password_kept_changed_or_taken_out(web: Web, manager_id: str) -> None:
    await add(web, manager_id)
    form = await opened(web, manager_id)
    assert form["field-2"] == "ann@corp.example"
    assert (await save(web, manager_id, **form | {"field-2": "ann@new.example"})).status_code == 303
    assert await held(web, manager_id) == {"Employee no": "E7", "Email": "ann@new.example", "Portal": True}
    assert await signs_in(web, manager_id, "first pass phrase")
    await save(web, manager_id, **await opened(web, manager_id) | {"field-3": "second pass phrase"})
    assert await signs_in(web, manager_id, "second pass phrase")
    await save(web, manager_id, **await opened(web, manager_id) | {"field-3-out": "on"})
    assert (await held(web, manager_id))["Portal"] is False


async def test_who_was_slower_sees_what_the_other_wrote_before_replacing_it(web: Web, manager_id: str) -> None:
    await add(web, manager_id)
    mine, theirs = await opened(web, manager_id), await opened(web, manager_id)
    await save(web, manager_id, **theirs | {"field-2": "theirs@corp.example"})
    answer = await save(web, manager_id, **mine | {"field-2": "mine@corp.example"})
    assert answer.status_code == 409
    assert "Now: theirs@corp.example" in answer.text
    assert 'value="mine@corp.example"' in answer.text
    assert (await held(web, manager_id))["Email"] == "theirs@corp.example"
    again = {"seen": found(r'name="seen" value="([^"]*)"', answer.text)[0], "field-2": "mine@corp.example"}
    assert (await save(web, manager_id, **again)).status_code == 303
    assert (await held(web, manager_id))["Email"] == "mine@corp.example"


async def test_who_edits_what_was_deleted_is_told_and_may_add_it_again(web: Web, manager_id: str) -> None:
    await add(web, manager_id)
    mine = await opened(web, manager_id)
    await web.api.delete(f"/managers/{manager_id}/contacts/E7")
    answer = await save(web, manager_id, **mine)
    assert answer.status_code == 409
    assert "deleted meanwhile" in answer.text
    assert (await save(web, manager_id, **mine | {"seen": ""})).status_code == 303
    assert (await held(web, manager_id))["Email"] == "ann@corp.example"


async def test_a_contact_is_deleted_after_being_asked(web: Web, manager_id: str) -> None:
    await add(web, manager_id)
    path = f"/managers/{manager_id}/contacts/delete?unique_id=E7"
    assert "Delete “E7”?" in (await web.browser.get(path)).text
    assert (await web.browser.post(path, data={"csrf": "wrong"})).status_code == 403
    assert (await post(web, path)).status_code == 303
    assert (await web.api.get(f"/managers/{manager_id}/contacts/E7")).status_code == 404
    assert (await web.browser.get(path)).status_code == 404
