"""A set-up that is sent twice, as by a second click, is saved once; what was changed meanwhile is not lost."""

import asyncio
import re
from uuid import uuid4

from tests.integration.web.conftest import Web
from tests.integration.web.test_pages import FORM, send, sign_in


async def names(web: Web) -> list[str]:
    return [entry["name"] for entry in (await web.api.get("/imports")).json()["items"]]


async def test_two_clicks_make_one_import(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    path = f"/imports/new?manager={made['id']}"
    keys = re.findall(r'name="save_key" value="([^"]+)"', (await web.browser.get(path)).text)
    form = FORM | {"action": "run", "save_key": keys[0]}
    first, second = await asyncio.gather(send(web, path, form), send(web, path, form))
    assert len(await names(web)) == 1
    runs = await web.db.fetch("SELECT id FROM runs")
    assert len(runs) == 1
    (import_id,) = [entry["id"] for entry in (await web.api.get("/imports")).json()["items"]]
    ways = {first.headers["location"], second.headers["location"]}
    assert f"/runs/{runs[0]['id']}" in ways
    assert ways <= {f"/runs/{runs[0]['id']}", f"/imports/{import_id}/runs"}


async def test_another_page_or_something_changed_is_another_import(web: Web) -> None:
    await sign_in(web)
    made = await web.manager()
    path = f"/imports/new?manager={made['id']}"
    form = FORM | {"action": "save", "save_key": str(uuid4())}
    await send(web, path, form)
    await send(web, path, form | {"name": "Changed after Back"})
    await send(web, path, form | {"save_key": str(uuid4())})
    assert sorted(await names(web)) == ["Changed after Back", "HR file", "HR file"]
