"""Contacts found by unique id and searchable fields, over the API and on the page."""

import re
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.syncer.adapters.search_index import index_some
from shared.postgres.database import set_up_connection
from tests.integration.web.conftest import NOW, Web, problem
from tests.integration.web.test_pages import csrf, sign_in

FIELDS: list[dict[str, Any]] = [
    {"name": "No"},
    {"name": "Name", "is_searchable": True},
    {"name": "Mail", "is_searchable": True},
    {"name": "Town"},
    {"name": "Portal", "kind": "password"},
]
HOSTILE = '<img src=x onerror=alert(1)>"><script>alert(2)</script>{{7*7}}'


async def index(web: Web) -> None:
    """Take in all there is, for all managers."""
    connection = await asyncpg.connect(web.dsn)
    await set_up_connection(connection)
    for manager in await web.db.fetch("SELECT id FROM managers"):
        while await index_some(connection, manager["id"]):
            pass
    await connection.close()


async def put(web: Web, manager_id: str, unique_id: str, **fields: str) -> None:
    answer = await web.api.put(f"/managers/{manager_id}/contacts/{unique_id}", json={"fields": fields})
    assert answer.status_code in {200, 201}, answer.text


async def people(web: Web) -> str:
    made = await web.manager(fields=FIELDS, key_field="No")
    manager_id = str(made["id"])
    await put(web, manager_id, "an1", Name="Zoe", Mail="zoe@example.com", Town="Ankara")
    await put(web, manager_id, "2", Name="Änne Berg", Mail="anne@example.com")
    await put(web, manager_id, "3", Name="Anton", Mail="an@example.com")
    await put(web, manager_id, "4", Name="Bert", Mail="andy@example.com")
    await put(web, manager_id, "5", Name="An", Mail="x@example.com")
    await index(web)
    return manager_id


async def search(web: Web, manager_id: str, q: str, **more: Any) -> dict[str, Any]:
    answer = await web.api.get(f"/managers/{manager_id}/contacts", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_begins_with_a_text_is_found_once_and_where_is_told(web: Web) -> None:
    manager_id = await people(web)
    found = await search(web, manager_id, "an")
    assert [(each["unique_id"], each["found_in"]) for each in found["items"]] == [
        ("an1", ["No"]),
        ("5", ["Name"]),
        ("2", ["Name", "Mail"]),
        ("3", ["Name", "Mail"]),
        ("4", ["Mail"]),
    ]
    assert (found["next"], found["search_lag"]) == (None, 0)
    assert [each["unique_id"] for each in (await search(web, manager_id, "ÄN"))["items"]] == ["5", "2", "3", "4"]
    assert [each["unique_id"] for each in (await search(web, manager_id, "anne b"))["items"]] == ["2"]
    assert (await search(web, manager_id, "ank"))["items"] == []
    assert (await search(web, manager_id, "%"))["items"] == []
    assert (await search(web, manager_id, " "))["items"] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_go_over_unique_ids_and_fields_without_a_gap(web: Web, limit: int) -> None:
    manager_id = await people(web)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await search(web, manager_id, "an", limit=limit, **({"cursor": cursor} if cursor else {}))
        seen += [each["unique_id"] for each in page["items"]]
        if (cursor := page["next"]) is None:
            break
        assert len(page["items"]) == limit
    assert seen == ["an1", "5", "2", "3", "4"]


async def test_pages_stay_short_where_all_was_found_before(web: Web) -> None:
    """Of two fields that begin alike the second one's entries stood all on earlier pages; each page ends the same."""
    made = await web.manager(fields=FIELDS, key_field="No")
    count = 5_000
    records = [(UUID(made["id"]), f"{n:05}", {"2": f"A {n:05}", "3": f"A {n:05}"}, n + 1, NOW, n) for n in range(count)]
    columns = ["manager_id", "unique_id", "fields", "change_number", "updated_at", "log_line"]
    await web.db.copy_records_to_table("contacts", records=records, columns=columns)
    await web.db.execute("UPDATE managers SET contact_count = $1, change_number = $1", count)
    await index(web)
    seen: list[str] = []
    sizes: list[int] = []
    page = await search(web, made["id"], "a", limit=1000)
    while True:
        seen += [each["unique_id"] for each in page["items"]]
        sizes.append(len(page["items"]))
        if page["next"] is None:
            break
        page = await search(web, made["id"], "a", limit=1000, cursor=page["next"])
    assert seen == [f"{n:05}" for n in range(count)]
    assert sizes[:5] == [1000] * 5
    assert len(sizes) > 6


async def test_cursors_that_are_none_are_refused(web: Web) -> None:
    manager_id = await people(web)
    wrong = ["IngiCg==", "W10=", "WzEsMiwzXQ==", "WyJhIiwgImIiLCAiYyJd", "Wy0xLCAiYSIsICJiIl0=", "x"]
    for cursor in wrong:
        answer = await web.api.get(f"/managers/{manager_id}/contacts", params={"q": "a", "cursor": cursor})
        assert problem(answer) == (422, "cursor_invalid", "cursor"), cursor


async def test_a_text_that_names_the_longest_place_fits_into_a_cursor(web: Web) -> None:
    made = await web.manager(fields=FIELDS, key_field="No")
    for end in "ab":
        await put(web, made["id"], "é" * 990 + end, Name="\U0001f600" * 100)
    await index(web)
    first = await search(web, made["id"], "\U0001f600", limit=1)
    second = await search(web, made["id"], "\U0001f600", limit=1, cursor=first["next"])
    assert [page["items"][0]["unique_id"][-1] for page in (first, second)] == ["a", "b"]


async def test_how_far_the_search_is_behind_is_told(web: Web) -> None:
    manager_id = await people(web)
    await put(web, manager_id, "6", Name="Anita")
    await put(web, manager_id, "an7", Name="Bob")
    found = await search(web, manager_id, "an")
    assert found["search_lag"] == 2
    assert [each["unique_id"] for each in found["items"]] == ["an1", "an7", "5", "2", "3", "4"]
    await sign_in(web)
    text = (await web.browser.get(f"/managers/{manager_id}?q=an")).text
    assert "The search is 2 changes behind" in text
    await web.api.patch(f"/managers/{manager_id}/fields/Town", json={"is_searchable": True})
    text = (await web.browser.get(f"/managers/{manager_id}")).text
    assert "“Town” is being made searchable: 7 contacts are still to be taken in." in text
    assert (await search(web, manager_id, "an"))["search_lag"] == 9
    await index(web)
    found = await search(web, manager_id, "an")
    assert found["search_lag"] == 0
    assert ("an1", ["No", "Town"]) in [(each["unique_id"], each["found_in"]) for each in found["items"]]
    assert "behind" not in (await web.browser.get(f"/managers/{manager_id}?q=an")).text
    listed = (await web.api.get(f"/managers/{manager_id}/contacts")).json()
    assert (listed["search_lag"], listed["items"][0]["found_in"]) == (None, [])


async def test_fields_are_marked_over_the_api(web: Web) -> None:
    made = await web.manager(fields=FIELDS, key_field="No")
    url = f"/managers/{made['id']}"

    async def marked() -> list[str]:
        fields = (await web.api.get(url)).json()["fields"]
        return [field["name"] for field in fields if field["is_searchable"]]

    assert await marked() == ["Name", "Mail"]
    answer = await web.api.patch(f"{url}/fields/Town", json={"is_searchable": True})
    assert (answer.status_code, answer.json()["fields"][3]["is_searchable"]) == (200, True)
    added = await web.api.post(f"{url}/fields", json={"name": "A/b ü", "is_searchable": True})
    assert problem(added) == (422, "too_many_searchable", "is_searchable")
    assert len((await web.api.get(url)).json()["fields"]) == len(FIELDS)
    await web.api.patch(f"{url}/fields/Mail", json={"is_searchable": False})
    added = await web.api.post(f"{url}/fields", json={"name": "A/b ü", "is_searchable": True})
    assert await marked() == ["Name", "Town", "A/b ü"]
    await web.api.patch(f"{url}/fields/A%2Fb%20%C3%BC", json={"is_searchable": False})
    assert await marked() == ["Name", "Town"]
    # Who names the fields without a word about it leaves them as they are.
    fields = [{"name": field["name"], "kind": field["kind"]} for field in (await web.api.get(url)).json()["fields"]]
    await web.api.patch(url, json={"fields": fields})
    assert await marked() == ["Name", "Town"]
    await web.api.patch(url, json={"fields": [*fields[:1], fields[1] | {"is_searchable": False}, *fields[2:]]})
    assert await marked() == ["Town"]
    for name, code in (("Portal", "password_searchable"), ("No", "key_searchable"), ("None", "field_unknown")):
        answer = await web.api.patch(f"{url}/fields/{name}", json={"is_searchable": True})
        assert problem(answer) == (422, code, "is_searchable")
    wrong = await web.api.post("/managers", json={"name": "M", "fields": [FIELDS[4] | {"is_searchable": True}]})
    assert problem(wrong) == (422, "password_searchable", "fields")
    answer = await web.api.patch(f"{url}/fields/Town", json={})
    assert problem(answer) == (422, "invalid", "is_searchable")


async def test_what_becomes_the_unique_identifier_takes_up_no_mark(web: Web) -> None:
    made = await web.manager(fields=FIELDS)
    url = f"/managers/{made['id']}"
    await web.api.patch(f"{url}/fields/No", json={"is_searchable": True})
    await web.api.patch(url, json={"key_field": "No"})
    answer = await web.api.patch(f"{url}/fields/Town", json={"is_searchable": True})
    assert answer.status_code == 200, answer.text
    marked = [field["name"] for field in answer.json()["fields"] if field["is_searchable"]]
    assert marked == ["Name", "Mail", "Town"]
    wanted = await web.db.fetch("SELECT field FROM search_fields WHERE manager_id = $1 AND is_wanted", UUID(made["id"]))
    assert sorted(row["field"] for row in wanted) == [2, 3, 4]


def ticked(text: str) -> list[str]:
    return re.findall(r'name="searchable" value="([^"]*)" checked', text)


async def test_fields_are_marked_on_the_page(web: Web) -> None:
    made = await web.manager(fields=[*FIELDS, {"name": "Street"}], key_field="No")
    await sign_in(web)
    token, path = await csrf(web), f"/managers/{made['id']}"

    async def save(*names: str) -> httpx.Response:
        data = {"csrf": token, "field": ["Name", "Mail", "Town", "Street"], "searchable": list(names)}
        return await web.browser.post(f"{path}/searchable-fields", data=data)

    shown = (await web.browser.get(path)).text
    assert ticked(shown) == ["Name", "Mail"]
    assert re.findall(r'name="searchable" value="([^"]*)"', shown) == ["Name", "Mail", "Town", "Street"]
    assert (await save("Mail", "Town", "Street")).status_code == 303
    assert ticked((await web.browser.get(path)).text) == ["Mail", "Town", "Street"]
    refused = await save("Name", "Mail", "Town", "Street")
    assert refused.status_code == 422
    assert "At most 3 fields can be searched" in refused.text
    assert ticked(refused.text) == ["Name", "Mail", "Town", "Street"]
    assert (await save()).status_code == 303
    assert ticked((await web.browser.get(path)).text) == []


async def test_the_page_says_what_it_looks_in_and_what_it_found(web: Web) -> None:
    manager_id = await people(web)
    await sign_in(web)
    path = f"/managers/{manager_id}"
    text = (await web.browser.get(f"{path}?q=an")).text
    assert re.findall(r"<b>([^<]*)</b>", text) == ["No", "Name", "Mail"]
    rows = re.findall(r'<tr>\s*<td class="found">(.*?)</td>\s*<td><a [^>]*>([^<]*)</a>', text)
    assert [(re.findall(r">([^<]+)</span>", tags), key) for tags, key in rows] == [
        (["No"], "an1"),
        (["Name"], "5"),
        (["Name", "Mail"], "2"),
        (["Name", "Mail"], "3"),
        (["Mail"], "4"),
    ]
    nothing = (await web.browser.get(f"{path}?q=nobody")).text
    assert "Nothing begins with “nobody” in No, Name or Mail." in nothing


async def test_nothing_that_a_contact_holds_is_taken_for_html(web: Web) -> None:
    fields = [{"name": "No"}, {"name": f"Name {HOSTILE}", "is_searchable": True}]
    made = await web.manager(fields=fields, key_field="No")
    body = {"fields": {f"Name {HOSTILE}": HOSTILE}}
    assert (await web.api.put(f"/managers/{made['id']}/contacts/7", json=body)).status_code == 201
    await sign_in(web)
    for indexed in (False, True):
        if indexed:
            await index(web)
        for q in ("", HOSTILE, "7", HOSTILE + "none"):
            answer = await web.browser.get(f"/managers/{made['id']}", params={"q": q})
            assert answer.status_code == 200
            assert "<img" not in answer.text
            assert "alert(2)</script>" not in answer.text
            assert "{{7*7}}" in answer.text
    found = (await web.browser.get(f"/managers/{made['id']}", params={"q": "<IMG"})).text
    assert found.count("&lt;img src=x onerror") >= 3
