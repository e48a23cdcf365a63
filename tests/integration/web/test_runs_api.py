"""Runs over the API: asked for, watched, read, cancelled."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from services.web.live.run_stream import run_stream
from shared.events.runs import RunCounts
from shared.store.problems import Problem, write_problems
from shared.store.run_end import Outcome, close_run
from shared.store.runs import enter_step
from tests.integration.web.conftest import CANARY, LOGIN, NOW, Web, problem


async def queued(web: Web, **given: Any) -> dict[str, Any]:
    saved = await web.new_import((await web.manager())["id"])
    answer = await web.api.post(f"/imports/{saved['id']}/runs", json=given)
    assert answer.status_code == 202
    run: dict[str, Any] = answer.json()
    return run


async def move(web: Web, run_id: str, step: str, *, after: int = 1) -> None:
    async with web.db.transaction():
        now = NOW + timedelta(seconds=after)
        await web.db.execute("UPDATE runs SET attempt = 1, started_at = $2 WHERE id = $1", run_id, NOW)
        assert await enter_step(web.db, UUID(run_id), 1, step, service="scheduler", now=now)


async def finish(web: Web, run_id: str, outcome: Outcome) -> None:
    async with web.db.transaction():
        now = NOW + timedelta(seconds=9)
        assert await close_run(web.db, UUID(run_id), 1, outcome, now=now, service="syncer")


async def test_a_queued_run_has_the_promised_shape(web: Web) -> None:
    run = await queued(web, dry_run=True)
    assert run == {
        "id": run["id"],
        "import_id": run["import_id"],
        "trigger": "api",
        "dry_run": True,
        "attempt": 0,
        "status": "queued",
        "approves": None,
        "undoes": None,
        "undone_by": None,
        "additions_and_updates_only": False,
        "requested_by": LOGIN,
        "approved_by": None,
        "reason": None,
        "notes": [],
        "progress": {"bytes": 0, "bytes_total": None, "rows": 0, "rows_total": None, "percent": 0},
        "counts": {
            "read": 0,
            "added": 0,
            "updated": 0,
            "unchanged": 0,
            "deleted": 0,
            "rejected": 0,
            "duplicates": 0,
        },
        "balance": None,
        "file": {"name": None, "bytes": None, "sha256": None},
        "error": None,
        "waiting": {
            "code": "scheduler",
            "message": "It waits for the scheduler to take it up.",
            "since": "2026-11-20T12:00:00Z",
            "runs_before": 0,
            "run_id": None,
        },
        "due_at": None,
        "time_zone": "UTC",
        "queued_at": "2026-11-20T12:00:00Z",
        "started_at": None,
        "finished_at": None,
        "steps": [],
    }
    assert (await web.api.get(f"/runs/{run['id']}")).json() == run
    shown = (await web.api.get(f"/imports/{run['import_id']}")).json()
    assert shown["latest_run"] == run


async def test_one_run_of_an_import_at_a_time(web: Web) -> None:
    run = await queued(web)
    again = await web.api.post(f"/imports/{run['import_id']}/runs")
    assert problem(again) == (409, "run_active", None)


async def test_runs_are_listed_newest_first(web: Web) -> None:
    run = await queued(web)
    ids = [run["id"]]
    for _ in range(3):
        assert (await web.api.post(f"/runs/{ids[0]}/cancel")).json()["status"] == "cancelled"
        ids.insert(0, (await web.api.post(f"/imports/{run['import_id']}/runs")).json()["id"])
    url = f"/imports/{run['import_id']}/runs"
    first = (await web.api.get(url, params={"limit": 3})).json()
    second = (await web.api.get(url, params={"limit": 3, "cursor": first["next"]})).json()
    assert [entry["id"] for entry in first["items"] + second["items"]] == ids
    assert second["next"] is None


async def test_a_run_can_be_cancelled_until_it_applies(web: Web) -> None:
    run = await queued(web)
    await move(web, run["id"], "fetching")
    answer = await web.api.post(f"/runs/{run['id']}/cancel")
    assert (answer.json()["status"], answer.json()["finished_at"]) == ("cancelled", "2026-11-20T12:00:00Z")
    assert problem(await web.api.post(f"/runs/{run['id']}/cancel")) == (409, "run_finished", None)
    said = await web.db.fetch("SELECT topic FROM outbox ORDER BY id")
    assert [row["topic"] for row in said] == ["import.cancelled", "import.finished"]
    second = (await web.api.post(f"/imports/{run['import_id']}/runs")).json()
    await move(web, second["id"], "applying")
    assert problem(await web.api.post(f"/runs/{second['id']}/cancel")) == (409, "run_applying", None)


async def test_a_finished_run_shows_counts_problems_and_plan(web: Web) -> None:
    run = await queued(web)
    run_id = UUID(run["id"])
    await move(web, run["id"], "applying")
    problems = [
        Problem(7, "error", "email_invalid", "no address", "E-mail", "b"),
        Problem(3, "error", "id_missing", "no id"),
        Problem(None, "warning", "deletes_held_back", "none deleted"),
    ]
    await write_problems(web.db, run_id, problems)
    manager_id = await web.db.fetchval("SELECT manager_id FROM runs WHERE id = $1", run_id)
    changes = [
        (run_id, manager_id, 1, 1, "added", "a", 2, None, {"2": "a@x.example"}),
        (run_id, manager_id, 2, 2, "updated", "b", 4, {"2": "old@x.example"}, {}),
        (run_id, manager_id, 3, 3, "deleted", "c", None, {"2": "c@x.example"}, None),
    ]
    columns = ["run_id", "manager_id", "ordinal", "number", "change", "unique_id", "line", "before", "after"]
    await web.db.copy_records_to_table("plan_changes", records=changes, columns=columns)
    await web.db.execute(
        "INSERT INTO plan_passwords (run_id, unique_id, field, fingerprint, sealed) VALUES ($1, 'a', 3, 'f', $2)",
        run_id,
        CANARY,
    )
    counts = RunCounts(read=4, added=1, updated=1, deleted=1, rejected=2)
    await finish(web, run["id"], Outcome("succeeded_with_errors", counts=counts, file_name="p.csv", file_bytes=9))
    shown = (await web.api.get(f"/runs/{run['id']}")).json()
    assert shown["status"] == "succeeded_with_errors"
    assert shown["counts"] == counts.model_dump()
    assert shown["progress"]["percent"] == 100
    assert shown["progress"]["rows_total"] == 4
    assert shown["file"] == {"name": "p.csv", "bytes": 9, "sha256": None}
    assert [(step["step"], step["service"]) for step in shown["steps"]] == [("applying", "scheduler")]
    listed: list[dict[str, Any]] = []
    cursor = None
    for _ in range(3):
        page = (
            await web.api.get(
                f"/runs/{run['id']}/problems", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        listed += page["items"]
        cursor = page["next"]
    assert cursor is None
    assert [(entry["line"], entry["code"]) for entry in listed] == [
        (None, "deletes_held_back"),
        (3, "id_missing"),
        (7, "email_invalid"),
    ]
    assert [entry["raw"] for entry in listed] == [None] * 3
    assert listed[2]["column"] == "E-mail"
    assert listed[2]["unique_id"] == "b"
    plan = await web.api.get(f"/runs/{run['id']}/plan")
    assert CANARY not in plan.text
    assert plan.json() == {
        "items": [
            {
                "change": "added",
                "unique_id": "a",
                "line": 2,
                "before": None,
                "after": {"Email": "a@x.example"},
                "passwords_changed": ["Portal"],
            },
            {
                "change": "updated",
                "unique_id": "b",
                "line": 4,
                "before": {"Email": "old@x.example"},
                "after": {"Email": ""},
                "passwords_changed": [],
            },
            {
                "change": "deleted",
                "unique_id": "c",
                "line": None,
                "before": {"Email": "c@x.example"},
                "after": None,
                "passwords_changed": [],
            },
        ],
        "next": None,
    }
    deleted = (await web.api.get(f"/runs/{run['id']}/plan", params={"kind": "deleted"})).json()["items"]
    assert [entry["unique_id"] for entry in deleted] == ["c"]
    assert problem(await web.api.get(f"/runs/{run['id']}/plan?kind=eaten")) == (422, "invalid", "kind")


async def test_a_run_that_is_not_there_is_not_found(web: Web) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    for path in ("", "/events", "/plan", "/problems"):
        assert problem(await web.api.get(f"/runs/{nobody}{path}")) == (404, "run_not_found", None)
    assert problem(await web.api.post(f"/runs/{nobody}/cancel")) == (404, "run_not_found", None)
    assert problem(await web.api.get(f"/imports/{nobody}/runs")) == (404, "import_not_found", None)


async def test_a_run_is_told_as_it_goes_on_until_it_ends(web: Web) -> None:
    run = await queued(web)
    stream = web.app.state.resources

    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def listen() -> None:
        async for event in run_stream(stream.database, stream.watch, UUID(run["id"])):
            if event.startswith("event: run\ndata: "):
                await told.put(json.loads(event.removeprefix("event: run\ndata: ")))

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        assert (await told.get())["status"] == "queued"
        await move(web, run["id"], "fetching")
        assert (await told.get())["status"] == "fetching"
        await move(web, run["id"], "applying", after=2)
        assert (await told.get())["status"] == "applying"
        await finish(web, run["id"], Outcome("failed", "host_unknown", "There is no such host."))
        last = await told.get()
        assert (last["status"], last["error"]["code"]) == ("failed", "host_unknown")
        await listening
    ended = await web.api.get(f"/runs/{run['id']}/events")
    assert ended.headers["content-type"].startswith("text/event-stream")
    assert ended.text.count("event: run\n") == 1
    assert isinstance(ended, httpx.Response)
