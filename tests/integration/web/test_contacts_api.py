"""Contacts over the API: pages by code point, the file, and changes by hand."""

import csv
import io
from urllib.parse import quote
from uuid import UUID

from shared.store.accounts import HASHER
from tests.integration.web.conftest import CANARY, NOW, Web, problem


async def test_contacts_come_in_the_order_of_code_points(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    ids = ["a", "B", "é", "a/b", "Z", "10", "9", "\U0001f600", "\uffee", "a b", "%41", "ab", "a?"]
    for unique_id in ids:
        url = f"/managers/{made['id']}/contacts/{quote(unique_id, safe='')}"
        assert (await web.api.put(url, json={"fields": {}})).status_code == 201
    seen: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await web.api.get(f"/managers/{made['id']}/contacts", params=parameters)).json()
        seen += [entry["unique_id"] for entry in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == sorted(ids)
    prefixed = (await web.api.get(f"/managers/{made['id']}/contacts", params={"q": "a"})).json()
    assert [entry["unique_id"] for entry in prefixed["items"]] == sorted(i for i in ids if i.startswith("a"))
    assert (await web.api.get(f"/managers/{made['id']}")).json()["contact_count"] == len(ids)


async def test_a_contact_by_hand_is_written_read_and_deleted(web: Web) -> None:
    made = await web.manager()
    url = f"/managers/{made['id']}/contacts/{quote('E/1', safe='')}"
    body = {"fields": {"Email": " a@corp.example ", "Portal": CANARY}}
    assert problem(await web.api.put(url, json=body)) == (422, "key_field_missing", "key_field")
    answer = await web.api.put(url, json=body, params={"key_field": "Employee no"})
    assert answer.status_code == 201
    contact = answer.json()
    assert contact["unique_id"] == "E/1"
    assert contact["fields"] == {"Employee no": "E/1", "Email": "a@corp.example", "Portal": True}
    assert contact["last_run_id"] is None
    assert (await web.api.get(url)).json() == contact
    hashed = await web.db.fetchval("SELECT hash FROM contact_passwords")
    assert HASHER.verify(hashed, CANARY)
    fingerprint = await web.db.fetchval("SELECT fingerprint FROM contact_passwords")
    sealer = web.app.state.resources.sealer
    assert fingerprint == sealer.fingerprint(made["id"], "E/1", "3", CANARY)

    again = await web.api.put(url, json={"fields": {"Email": "b@corp.example", "Portal": "  "}})
    assert again.status_code == 200
    assert again.json()["fields"] == {"Employee no": "E/1", "Email": "b@corp.example", "Portal": True}
    emptied = await web.api.put(url, json={"fields": {"Portal": None}})
    assert emptied.json()["fields"] == {"Employee no": "E/1", "Email": "", "Portal": False}
    assert (await web.api.delete(url)).status_code == 204
    assert problem(await web.api.get(url)) == (404, "contact_not_found", None)
    assert problem(await web.api.delete(url)) == (404, "contact_not_found", None)
    rows = await web.db.fetch("SELECT contact_count, change_number FROM managers")
    assert [tuple(row) for row in rows] == [(0, 4)]


async def test_a_contact_that_is_so_already_is_left_untouched(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    url = f"/managers/{made['id']}/contacts/1"
    body = {"fields": {"Email": "a@corp.example", "Portal": "pw"}}
    first = (await web.api.put(url, json=body)).json()
    web.clock.time = NOW.replace(hour=13)
    assert (await web.api.put(url, json=body)).json() == first
    assert await web.db.fetchval("SELECT change_number FROM managers") == 1


async def test_a_file_for_spreadsheets_has_no_formula_and_is_named_like_its_manager(web: Web) -> None:
    made = await web.manager(name="Büro: A/B", fields=[{"name": "No"}, {"name": "=Name"}], key_field="No")
    url = f"/managers/{made['id']}/contacts"
    for unique_id, name in (("1", '=HYPERLINK("https://evil.example")'), ("-2", "Jörg")):
        answer = await web.api.put(f"{url}/{quote(unique_id)}", json={"fields": {"=Name": name}})
        assert answer.status_code == 201, answer.text
    for_programs = await web.api.get(f"{url}.csv")
    assert for_programs.content.decode().splitlines()[1:] == ["-2,Jörg", '1,"=HYPERLINK(""https://evil.example"")"']
    shown = await web.api.get(f"{url}.csv", params={"for": "spreadsheet"})
    assert shown.content.decode().splitlines() == [
        "\ufeffNo,'=Name",
        "'-2,Jörg",
        '1,"\'=HYPERLINK(""https://evil.example"")"',
    ]
    assert shown.headers["content-disposition"].endswith("filename*=UTF-8''B%C3%BCro_%20A_B.csv")


async def test_bad_contacts_are_refused_and_nothing_changes(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    url = f"/managers/{made['id']}/contacts"

    async def refused(unique_id: str, fields: dict[str, object], **query: str) -> tuple[int, str, str | None]:
        return problem(await web.api.put(f"{url}/{unique_id}", json={"fields": fields}, params=query))

    assert await refused("1", {"Email": "nonsense"}) == (422, "email_invalid", "fields.Email")
    assert await refused("1", {"Shoe": "44"}) == (422, "field_unknown", "fields.Shoe")
    assert await refused("1", {"Employee no": "2"}) == (422, "key_mismatch", "fields.Employee no")
    assert await refused("1", {"Email": 5}) == (422, "invalid", "fields.Email")
    assert await refused("1", {"Email": "a\0b"}) == (422, "invalid", "fields.Email")
    assert await refused("1", {"a\0b": ""}) == (422, "invalid", "fields.a\0b.[key]")
    assert await refused("%20", {}) == (422, "id_missing", "unique_id")
    assert await refused("a%00b", {}) == (422, "nul_character", "unique_id")
    assert await refused("x" * 3000, {}) == (422, "id_too_long", "unique_id")
    assert await refused("1", {}, key_field="Shoe") == (422, "field_unknown", "key_field")
    assert await web.db.fetchval("SELECT count(*) FROM contacts") == 0
    assert (await web.api.put(f"{url}/1", json={"fields": {}})).status_code == 201
    assert await refused("2", {}, key_field="Email") == (422, "key_field_differs", "key_field")
    patched = await web.api.patch(f"/managers/{made['id']}", json={"key_field": "Email"})
    assert problem(patched) == (422, "key_field_differs", "key_field")
    patched = await web.api.patch(f"/managers/{made['id']}", json={"key_field": None})
    assert problem(patched) == (422, "key_field_differs", "key_field")


async def test_all_contacts_come_as_one_file_without_passwords(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    records = [
        (UUID(made["id"]), f"{number:05}", {"2": f"p{number}, x@corp.example"}, 1, NOW) for number in range(2500)
    ]
    await web.db.copy_records_to_table(
        "contacts", records=records, columns=["manager_id", "unique_id", "fields", "change_number", "updated_at"]
    )
    answer = await web.api.get(f"/managers/{made['id']}/contacts.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["Employee no", "Email"]
    assert rows[1:] == [[f"{number:05}", f"p{number}, x@corp.example"] for number in range(2500)]
    gone = await web.api.get("/managers/00000000-0000-0000-0000-000000000000/contacts.csv")
    assert problem(gone) == (404, "manager_not_found", None)
