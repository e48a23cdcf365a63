"""Secrets of a source that are saved can be removed on the page, at once and by way of a dry run."""

import re
from typing import Any
from uuid import UUID

from services.web.forms.credentials import Credentials, credentials_of
from shared.events.set_up import RemoteSource
from shared.store.imports import get_import
from tests.integration.web.conftest import CANARY, Web
from tests.integration.web.test_pages import FORM, errors, found, send, sign_in
from tests.integration.web.test_set_up_drafts import dry_run

BOX = r'<input type="checkbox" name="(forget_\w+)"'
TICKED = BOX + " checked"
WEB = {"kind": "remote", "url": "https://files.example/out/people.csv"}
UNNAMED = FORM | {"link": "files.example:2222/out/people.csv", "password": "", "action": "save"}


async def secrets_of(web: Web, import_id: str) -> Credentials:
    source = (await get_import(web.db, UUID(import_id), or_draft=True)).setup.source
    assert isinstance(source, RemoteSource)
    return credentials_of(source, web.app.state.resources.sealer)


async def new_import(web: Web, **source: Any) -> dict[str, Any]:
    made = await web.manager()
    entry = await web.new_import(made["id"])
    answer = await web.api.patch(f"/imports/{entry['id']}", json={"source": source})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def test_each_saved_secret_has_a_box_that_removes_it_alone(web: Web) -> None:
    await sign_in(web)
    entry = await new_import(web, private_key=CANARY, passphrase=CANARY)
    edit = f"/imports/{entry['id']}/edit"
    boxes = found(BOX, (await web.browser.get(edit)).text)
    assert boxes == ["forget_password", "forget_private_key", "forget_passphrase"]
    saved = await send(web, edit, UNNAMED | {"forget_password": "on"})
    assert saved.status_code == 303, errors(saved)
    assert await secrets_of(web, entry["id"]) == Credentials(private_key=CANARY, passphrase=CANARY)
    saved = await send(web, edit, UNNAMED | {"forget_passphrase": "on"})
    assert saved.status_code == 303, errors(saved)
    assert await secrets_of(web, entry["id"]) == Credentials(private_key=CANARY)
    (newest, *_) = (await web.api.get("/audit")).json()["items"]
    assert newest["details"] == {"source.passphrase": {"changed": True}}


async def test_what_the_protocol_needs_is_not_removed_without_another(web: Web) -> None:
    await sign_in(web)
    entry = await new_import(web)
    edit = f"/imports/{entry['id']}/edit"
    refused = await send(web, edit, UNNAMED | {"forget_password": "on"})
    assert refused.status_code == 422
    assert found(TICKED, refused.text) == ["forget_password"]
    replaced = await send(web, edit, UNNAMED | {"forget_password": "on", "password": "another"})
    assert replaced.status_code == 303, errors(replaced)
    assert await secrets_of(web, entry["id"]) == Credentials(password="another")


async def test_token_and_headers_are_removed_too(web: Web) -> None:
    await sign_in(web)
    entry = await new_import(web, **WEB, login=None, password=None, bearer_token="t0ken", headers={"X-Key": CANARY})
    edit = f"/imports/{entry['id']}/edit"
    assert found(BOX, (await web.browser.get(edit)).text) == ["forget_bearer_token", "forget_headers"]
    form = UNNAMED | {"protocol": "https", "link": FORM["link"], "login": ""}
    form |= {"forget_bearer_token": "on", "forget_headers": "on"}
    saved = await send(web, edit, form)
    assert saved.status_code == 303, errors(saved)
    assert await secrets_of(web, entry["id"]) == Credentials()


async def test_a_dry_run_does_without_what_is_removed_and_a_draft_remembers_it(web: Web) -> None:
    await sign_in(web)
    entry = await new_import(web, private_key=CANARY)
    form = UNNAMED | {"forget_password": "on"}
    said = await dry_run(web, entry["manager_id"], form, f"&edits={entry['id']}")
    assert await secrets_of(web, said["import"]) == Credentials(private_key=CANARY)
    assert (await secrets_of(web, entry["id"])).password == CANARY
    draft = (await web.browser.get(f"/imports/drafts/{said['draft']}")).text
    assert found(TICKED, draft) == ["forget_password"]
    assert not re.search(CANARY, draft)
    saved = await send(web, f"/imports/{entry['id']}/edit", form | {"draft": said["draft"]})
    assert saved.status_code == 303, errors(saved)
    assert await secrets_of(web, entry["id"]) == Credentials(private_key=CANARY)
