"""The Synchronization home page's marks: they tell of the latest run for real, whatever was only tried since."""

import re
from uuid import UUID

import pytest

from shared.store.run_end import Outcome, close_run
from tests.integration.web.conftest import NOW, Web
from tests.integration.web.test_pages import sign_in


async def ended(web: Web, import_id: str, outcome: Outcome, *, dry_run: bool = False) -> str:
    """Let an import run and end so; return the run."""
    asked = await web.api.post(f"/imports/{import_id}/runs", json={"dry_run": dry_run})
    run_id: str = asked.json()["id"]
    async with web.db.transaction():
        assert await close_run(web.db, UUID(run_id), 0, outcome, now=NOW, service="syncer")
    return run_id


async def found(web: Web, manager_id: str, state: str) -> list[str]:
    """Return which imports a filter lists."""
    text = (await web.browser.get(f"/managers/{manager_id}/imports?state={state}")).text
    return re.findall(r'<a href="/imports/[^"]+/runs">([^<]+)</a>', text)


@pytest.mark.parametrize("tried", ["dry run", "undo"])
async def test_what_is_only_tried_takes_no_warning_away(web: Web, tried: str) -> None:
    await sign_in(web)
    manager_id = (await web.manager())["id"]
    import_id = (await web.new_import(manager_id))["id"]
    failed = await ended(web, import_id, Outcome("failed", "x", "It went wrong."))
    later = await ended(web, import_id, Outcome("planned"), dry_run=True)
    if tried == "undo":
        await web.db.execute(
            "UPDATE runs SET trigger = 'undo', undoes = $2::uuid WHERE id = $1::uuid", later, UUID(failed)
        )
    home = (await web.browser.get(f"/managers/{manager_id}/imports")).text
    assert f'<a class="mark warn" href="/runs/{failed}"' in home
    assert "It went wrong." in home
    assert "mark good" not in home
    assert f'href="/runs/{later}"' in home
    assert ("Undo, only shown" if tried == "undo" else "Dry run: nothing was changed") in home
    assert await found(web, manager_id, "attention") == ["HR file"]
    await ended(web, import_id, Outcome("succeeded"))
    home = (await web.browser.get(f"/managers/{manager_id}/imports")).text
    assert "mark good" in home
    assert "mark warn" not in home
    assert later not in home
    assert await found(web, manager_id, "attention") == []


async def test_a_dry_run_that_failed_is_no_warning(web: Web) -> None:
    await sign_in(web)
    manager_id = (await web.manager())["id"]
    import_id = (await web.new_import(manager_id))["id"]
    await ended(web, import_id, Outcome("failed", "x", "No such file."), dry_run=True)
    home = (await web.browser.get(f"/managers/{manager_id}/imports")).text
    assert "Not run yet" in home
    assert "Dry run: failed" in home
    assert "mark warn" not in home
    assert await found(web, manager_id, "attention") == []


async def test_a_dry_run_under_way_stands_beside_the_mark(web: Web) -> None:
    await sign_in(web)
    manager_id = (await web.manager())["id"]
    import_id = (await web.new_import(manager_id))["id"]
    failed = await ended(web, import_id, Outcome("refused", "x", "Too few."))
    run_id = (await web.api.post(f"/imports/{import_id}/runs", json={"dry_run": True})).json()["id"]
    home = (await web.browser.get(f"/managers/{manager_id}/imports")).text
    assert f'data-run="/runs/{run_id}/events"' in home
    assert f'<a class="mark warn" href="/runs/{failed}"' in home
    assert await found(web, manager_id, "attention") == ["HR file"]
    assert await found(web, manager_id, "running") == ["HR file"]


async def test_the_history_has_no_list_of_errors_without_errors(web: Web) -> None:
    await sign_in(web)
    import_id = (await web.new_import((await web.manager())["id"]))["id"]
    await ended(web, import_id, Outcome("succeeded_with_errors"))
    history = (await web.browser.get(f"/imports/{import_id}/runs")).text
    assert "mark warn" in history
    assert 'role="tooltip"' not in history
