"""A secret that came in is nowhere in clear afterwards: no table, object, answer, page or log."""

import httpx
import pytest

from tests.integration.web.conftest import CANARY, LOGIN, PASSWORD, Web, import_body


async def test_a_canary_is_found_nowhere(
    web: Web, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[httpx.Response] = []
    made = await web.manager(key_field="Employee no")
    body = import_body(made["id"])
    body["source"]["private_key"] = f"-----BEGIN {CANARY}"
    key = {"idempotency-key": "secret"}
    created = await web.api.post("/imports", json=body, headers=key)
    saved = created.json()
    answers += [created, await web.api.post("/imports", json=body, headers=key)]
    answers.append(await web.api.post("/imports", json=body | {"name": "other"}, headers=key))
    for wrong in ({"login": None}, {"url": "sftp://h\\x"}, {"url": f"sftp://u:{CANARY}@h/x"}, {"password": [CANARY]}):
        answers.append(await web.api.post("/imports", json=body | {"source": body["source"] | wrong}))
    answers.append(await web.api.patch(f"/imports/{saved['id']}", json={"source": {"password": CANARY * 2000}}))
    contact = f"/managers/{made['id']}/contacts/1"
    answers.append(await web.api.put(contact, json={"fields": {"Portal": CANARY}}))
    answers.append(await web.api.put(contact, json={"fields": {"Portal": CANARY, "Email": "wrong"}}))
    run = (await web.api.post(f"/imports/{saved['id']}/runs")).json()
    await web.browser.post("/login", data={"login": LOGIN, "password": PASSWORD})
    for path in (f"/imports/{saved['id']}", f"/runs/{run['id']}", f"/runs/{run['id']}/plan", contact):
        answers.append(await web.api.get(path))
    for path in (f"/imports/{saved['id']}/edit", f"/runs/{run['id']}", f"/managers/{made['id']}"):
        answers.append(await web.browser.get(path))
    assert {answer.status_code for answer in answers} == {200, 201, 422}
    assert all(CANARY not in answer.text for answer in answers)
    tables = await web.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 15
    for table in tables:
        rows = await web.db.fetch(f"SELECT t::text AS row FROM {table['tablename']} t")
        assert all(CANARY not in row["row"] for row in rows), table["tablename"]
    out, err = capfd.readouterr()
    assert CANARY not in out + err + caplog.text
