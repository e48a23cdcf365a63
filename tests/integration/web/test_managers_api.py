"""Contact managers over the API."""

import asyncio

import httpx

from tests.integration.web.conftest import Web, problem


async def test_a_manager_is_made_read_changed_and_deleted(web: Web) -> None:
    made = await web.manager(key_field="Employee no")
    assert made == {
        "id": made["id"],
        "name": "Staff",
        "fields": [
            {"name": "Employee no", "kind": "text", "is_searchable": False},
            {"name": "Email", "kind": "email", "is_searchable": False},
            {"name": "Portal", "kind": "password", "is_searchable": False},
        ],
        "key_field": "Employee no",
        "contact_count": 0,
    }
    assert (await web.api.get(f"/managers/{made['id']}")).json() == made
    patched = await web.api.patch(f"/managers/{made['id']}", json={"name": "People", "key_field": None})
    assert patched.json() == made | {"name": "People", "key_field": None}
    added = await web.api.post(f"/managers/{made['id']}/fields", json={"name": "Born", "kind": "date"})
    assert added.status_code == 201
    assert added.json()["fields"][-1] == {"name": "Born", "kind": "date", "is_searchable": False}
    assert (await web.api.delete(f"/managers/{made['id']}")).status_code == 204
    assert problem(await web.api.get(f"/managers/{made['id']}")) == (404, "manager_not_found", None)


async def test_managers_are_listed_page_by_page(web: Web) -> None:
    made = [(await web.manager(name=f"M{number}"))["id"] for number in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await web.api.get("/managers", params=parameters)).json()
        seen += [entry["id"] for entry in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == made


async def test_bad_managers_are_refused_with_their_field(web: Web) -> None:
    post = web.api.post
    assert problem(await post("/managers", json={})) == (422, "invalid", "name")
    assert problem(await post("/managers", json={"name": "  "})) == (422, "invalid", "name")
    assert problem(await post("/managers", json={"name": "a\0b"})) == (422, "invalid", "name")
    surrogate = await post("/managers", content=b'{"name": "\\ud800"}', headers={"content-type": "application/json"})
    assert problem(surrogate) == (422, "invalid", "name")
    twice = {"name": "M", "fields": [{"name": "A"}, {"name": "A"}]}
    assert problem(await post("/managers", json=twice)) == (422, "field_exists", "fields.1.name")
    kind = {"name": "M", "fields": [{"name": "A", "kind": "colour"}]}
    assert problem(await post("/managers", json=kind)) == (422, "invalid", "fields.0.kind")
    key = {"name": "M", "fields": [{"name": "A"}], "key_field": "B"}
    assert problem(await post("/managers", json=key)) == (422, "field_unknown", "key_field")
    secret = {"name": "M", "fields": [{"name": "A", "kind": "password"}], "key_field": "A"}
    assert problem(await post("/managers", json=secret)) == (422, "key_is_password", "key_field")
    assert await web.db.fetchval("SELECT count(*) FROM managers") == 0


async def test_fields_can_be_added_by_patch_but_not_taken_out(web: Web) -> None:
    made = await web.manager()
    url = f"/managers/{made['id']}"
    more = await web.api.patch(url, json={"fields": [*made["fields"], {"name": "New"}]})
    assert [field["name"] for field in more.json()["fields"]][-1] == "New"
    fewer = await web.api.patch(url, json={"fields": made["fields"][:1]})
    assert problem(fewer) == (422, "field_fixed", "fields")
    again = await web.api.post(f"{url}/fields", json={"name": "New"})
    assert problem(again) == (422, "field_exists", "name")


async def test_a_manager_with_a_run_under_way_stays(web: Web) -> None:
    made = await web.manager()
    saved = await web.new_import(made["id"])
    assert (await web.api.post(f"/imports/{saved['id']}/runs")).status_code == 202
    assert problem(await web.api.delete(f"/managers/{made['id']}")) == (409, "run_active", None)
    assert (await web.api.get(f"/managers/{made['id']}")).status_code == 200


async def test_errors_of_http_are_problem_documents_too(web: Web) -> None:
    assert problem(await web.api.get("/nothing")) == (404, "not_found", None)
    assert problem(await web.api.get("/managers/no-uuid")) == (404, "not_found", None)
    assert problem(await web.api.put("/managers")) == (405, "method_not_allowed", None)
    assert problem(await web.api.get("/managers", params={"limit": 0})) == (422, "invalid", "limit")
    assert problem(await web.api.get("/managers", params={"cursor": "%%%"})) == (422, "cursor_invalid", "cursor")
    large = await web.api.post("/managers", json={"name": "x" * 300_000})
    assert problem(large) == (413, "request_too_large", None)
    form = await web.api.post("/managers", data={"name": "x"})
    assert problem(form) == (415, "content_type_unsupported", None)
    broken = await web.api.post("/managers", content=b"{", headers={"content-type": "application/json"})
    assert problem(broken) == (422, "invalid", None)


async def test_nobody_comes_in_without_a_token(web: Web) -> None:
    routes = web.app.openapi()["paths"]
    assert len(routes) >= 15
    for path, methods in routes.items():
        for method in methods:
            filled = path.replace("{", "").replace("}", "")
            answer = await web.browser.request(method, filled)
            assert problem(answer) == (401, "unauthenticated", None), (method, path)
    wrong = await web.browser.get("/api/v1/managers", headers={"authorization": "Bearer nonsense"})
    assert problem(wrong)[0] == 401


async def test_a_creating_request_that_is_repeated_creates_once(web: Web) -> None:
    headers = {"idempotency-key": "k-1"}

    async def create(name: str) -> httpx.Response:
        return await web.api.post("/managers", json={"name": name}, headers=headers)

    answers = await asyncio.gather(*(create("Once") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await web.db.fetchval("SELECT count(*) FROM managers") == 1
    assert problem(await create("Other")) == (422, "idempotency_key_reused", "Idempotency-Key")
