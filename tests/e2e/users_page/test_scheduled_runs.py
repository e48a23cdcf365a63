"""What was finished with a schedule runs at its Import Time; this comes last, when that has passed."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.finished_by_hand import Finished
from tests.support.hands import Hands
from tests.support.imports import Json
from tests.support.mails import mail_about
from tests.support.set_up_by_hand import ManagerByHand
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_runs_at_import_time_and_errors_are_mailed(
    hands: Hands, finished: dict[type[Hands], Finished], client: httpx.AsyncClient
) -> None:
    saved = finished[type(hands)]
    manager = ManagerByHand(hands, saved.manager.stack, client, saved.manager.id, saved.manager.name)

    async def performed() -> Json | None:
        (entry,) = await manager.imports()
        return entry if entry["latest_run"]["status"] == "succeeded" else None

    left = (saved.import_time - datetime.now(UTC)).total_seconds()
    entry = await until(performed, within=max(left, 0) + 60, every=0.5, what="the first import has run")
    assert set(await manager.contacts()) == {"1"}
    assert entry["latest_run"]["trigger"] == "schedule"
    assert datetime.fromisoformat(entry["latest_run"]["due_at"]) == saved.import_time
    assert datetime.fromisoformat(entry["next_run_at"]) > saved.import_time + timedelta(hours=20)
    saved.file.take_away()
    failed = await manager.go("people", "Failed")
    assert (await mail_about(manager.stack, failed["id"]))["To"] == "night@example.com"
