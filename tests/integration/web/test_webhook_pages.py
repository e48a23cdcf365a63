"""The pages about webhooks, as a browser without scripts sees them."""

import re
from uuid import uuid4

import httpx

from tests.integration.web.conftest import Web
from tests.integration.web.test_pages import csrf, found, sign_in
from tests.integration.web.test_webhooks_api import URL, made, put

SECRET = r'class="code secret">(whsec_[^<]+)<'


async def post(web: Web, path: str, **fields: str | list[str]) -> httpx.Response:
    return await web.browser.post(path, data={"csrf": await csrf(web), **fields})


async def test_a_webhook_from_its_making_to_its_end(web: Web) -> None:
    await sign_in(web)
    assert 'href="/webhooks"' in (await web.browser.get("/operations")).text
    assert "There are none yet." in (await web.browser.get("/webhooks")).text
    manager = await web.manager()
    answer = await post(web, "/webhooks", url=URL, events=["contacts.changed"], manager_id=manager["id"])
    assert answer.status_code == 200
    (secret,) = found(SECRET, answer.text)
    (webhook,) = (await web.api.get("/webhooks")).json()["items"]
    here = f"/webhooks/{webhook['id']}"
    assert (webhook["url"], webhook["events"], webhook["manager_id"]) == (URL, ["contacts.changed"], manager["id"])
    listed = (await web.browser.get("/webhooks")).text
    assert f'href="{here}"' in listed
    assert "k3y" not in listed
    shown = await web.browser.get(here)
    assert secret not in shown.text
    assert "Staff" in shown.text

    edited = await post(web, f"{here}/edit", url=URL, events=["contacts.changed", "import.finished"], manager_id="")
    assert (edited.status_code, edited.headers["location"]) == (303, here)
    assert (await web.api.get(here)).json()["manager_id"] is None
    assert (await post(web, f"{here}/state", state="paused")).status_code == 303
    assert "Paused" in (await web.browser.get(here)).text
    assert (await post(web, f"{here}/state", state="enabled")).status_code == 303
    assert (await web.api.get(here)).json()["state"] == "enabled"

    renewed = await post(web, f"{here}/secret")
    assert found(SECRET, renewed.text) != [secret]
    assert "the old one counts as well until" in renewed.text

    assert (await post(web, f"{here}/test")).headers["location"] == f"{here}#messages"
    (message,) = (await web.api.get(f"{here}/deliveries")).json()["items"]
    await web.db.execute(
        """UPDATE webhook_deliveries SET state = 'failed', next_try_at = NULL, tries = 1, tried_at = created_at,
        error = '<script>alert(1)</script>', status = 500"""
    )
    shown = await web.browser.get(here)
    assert "Given up" in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    assert "<script>alert" not in shown.text
    assert (await post(web, f"{here}/deliveries/{message['id']}/replay")).status_code == 303
    assert (await web.api.get(f"{here}/deliveries")).json()["items"][0]["state"] == "pending"

    assert (await post(web, f"{here}/delete")).headers["location"] == "/webhooks"
    assert (await web.browser.get(here)).status_code == 404


async def test_what_is_wrong_is_said_at_its_input_and_what_was_entered_stays(web: Web) -> None:
    await sign_in(web)
    answer = await post(web, "/webhooks", url="ftp://there", events=["contacts.changed"], manager_id="")
    assert answer.status_code == 422
    assert found(r'id="error-url">([^<]+)', answer.text) == ["The address has to begin with https:// or http://."]
    assert 'aria-describedby="error-url"' in answer.text
    assert 'value="ftp://there"' in answer.text
    assert re.search(r'value="contacts.changed" checked', answer.text)
    none = await post(web, "/webhooks", url=URL, manager_id="")
    assert found(r'id="error-events">([^<]+)', none.text) == ["Give at least one."]
    gone = await post(web, "/webhooks", url=URL, events=["contacts.changed"], manager_id=str(uuid4()))
    assert "There is no such contact manager." in gone.text
    webhook = await made(web)
    edited = await post(web, f"/webhooks/{webhook['id']}/edit", url="x", events=["contacts.changed"])
    assert (edited.status_code, 'value="x"' in edited.text) == (422, True)


async def test_changes_are_told_again_from_a_number_or_a_run(web: Web) -> None:
    await sign_in(web)
    manager = await web.manager(key_field="Employee no")
    await put(web, manager["id"], "1")
    await put(web, manager["id"], "2")
    webhook = await made(web)
    here = f"/webhooks/{webhook['id']}"
    answer = await post(web, f"{here}/replay", manager_id=manager["id"], from_number=" 2 ", run_id="")
    assert answer.headers["location"] == f"{here}#messages"
    assert "1 change of contacts to be told" in (await web.browser.get(here)).text
    wrong = await post(web, f"{here}/replay", manager_id=manager["id"], from_number="two")
    assert (wrong.status_code, 'value="two"' in wrong.text) == (422, True)
    assert 'id="error-from_number"' in wrong.text
    run = f"http://web.test/runs/{uuid4()}"
    unknown = await post(web, f"{here}/replay", manager_id=manager["id"], run_id=run)
    assert found(r'id="error-run_id">([^<]+)', unknown.text) == ["No such run was applied to this contact manager."]
    unclear = await post(web, f"{here}/replay", manager_id=manager["id"])
    assert "Name either a run" in unclear.text


async def test_a_webhook_that_is_not_there(web: Web) -> None:
    await sign_in(web)
    for action in ("edit", "state", "delete", "secret", "test", "replay"):
        fields = {"url": URL, "events": "contacts.changed", "run_id": str(uuid4())}
        answer = await web.browser.post(f"/webhooks/{uuid4()}/{action}", data={"csrf": await csrf(web), **fields})
        assert answer.status_code == 404, action
