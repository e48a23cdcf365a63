"""The web app against a real Postgres of its own, called in this process."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.web.app import create_app
from services.web.settings import Settings
from shared.postgres.database import set_up_connection
from tests.support.accounts import know_token, make_account
from tests.support.migrated_postgres import migrated_postgres

LOGIN = "ann"
PASSWORD = "correct horse"
TOKEN = "token-for-tests"
CANARY = "c4n4ry-Xq7"
KEY = base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROOT = "http://web.test"


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Web:
    """The running app: `api` comes with a token, `browser` keeps cookies, `db` looks behind it."""

    app: FastAPI
    api: httpx.AsyncClient
    browser: httpx.AsyncClient
    db: asyncpg.Connection
    clock: SetClock
    objects: Path
    dsn: str

    async def manager(self, **given: Any) -> dict[str, Any]:
        body = {
            "name": "Staff",
            "fields": [
                {"name": "Employee no"},
                {"name": "Email", "kind": "email"},
                {"name": "Portal", "kind": "password"},
            ],
        } | given
        answer = await self.api.post("/managers", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def new_import(self, manager_id: str, **given: Any) -> dict[str, Any]:
        answer = await self.api.post("/imports", json=import_body(manager_id) | given)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def import_body(manager_id: str) -> dict[str, Any]:
    return {
        "name": "HR file",
        "manager_id": manager_id,
        "source": {
            "kind": "remote",
            "url": "sftp://files.example:2222/out/people.csv",
            "login": "hr",
            "password": CANARY,
        },
        "options": {"error_emails": ["ops@corp.example"]},
        "mapping": [{"column": "No", "field": "Employee no"}, {"column": "E-mail", "field": "Email"}],
        "unique_id": {"field": "Employee no"},
        "schedule": None,
    }


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    with migrated_postgres() as dsn:
        ann = asyncio.run(make_account(dsn, LOGIN, PASSWORD))
        asyncio.run(know_token(dsn, ann, TOKEN))
        yield dsn


@pytest.fixture
async def web(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Web]:
    clock = SetClock()
    settings = Settings.model_validate(
        {
            "postgres": {"dsn": postgres_dsn},
            "objects": {"url": f"file://{tmp_path}/objects"},
            "secrets": {"keys": [KEY]},
            "web": {"public_url": ROOT, "max_upload_bytes": 3_000_000, "max_body_bytes": 200_000},
        }
    )
    app = create_app(settings, clock)
    db = await asyncpg.connect(postgres_dsn)
    await set_up_connection(db)
    # Tables that runs write by the million have no foreign keys, so nothing cascades to them.
    await db.execute("TRUNCATE contacts, contact_passwords, contact_search, plan_changes, plan_passwords")
    await db.execute("TRUNCATE managers, uploads, sessions, idempotency_keys, outbox, audit_log CASCADE")
    await db.execute("DELETE FROM accounts WHERE login <> $1", LOGIN)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url=f"{ROOT}/api/v1", headers={"authorization": f"Bearer {TOKEN}"}
        ) as api,
        httpx.AsyncClient(transport=transport, base_url=ROOT) as browser,
    ):
        yield Web(app, api, browser, db, clock, tmp_path / "objects", postgres_dsn)
    await db.close()


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of a problem document, having looked at its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return answer.status_code, body["code"], body.get("field")
