"""Set-ups and runs through the API, as a program outside would make them."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.sftp_server import SftpServer
from tests.support.waiting import until

FINAL = {"succeeded", "succeeded_with_errors", "planned", "unchanged", "refused", "failed", "cancelled"}
Json = dict[str, Any]


def sftp_source(server: SftpServer, path: str, **others: object) -> Json:
    """Return the source of a file on an SFTP server, with what lets us in."""
    source = {
        "kind": "remote",
        "url": server.url(path),
        "login": server.login,
        "password": server.password,
        "private_key": server.private_key,
    }
    return {key: value for key, value in (source | others).items() if value is not None}


def csv_of(rows: list[list[str]], header: list[str] | None = None) -> str:
    """Return simple CSV text; cells hold no delimiters, quotes or newlines."""
    lines = [header or ["No", "Name", "E-mail"], *rows]
    return "".join(",".join(line) + "\n" for line in lines)


@dataclass
class Importing:
    """One manager with one import."""

    client: httpx.AsyncClient
    manager_id: str
    import_id: str
    known_fields: list[str] = field(default_factory=list)

    async def run(self, *, within: float = 60) -> Json:
        """Import now and return the run as it ended."""
        answer = await self.client.post(f"/imports/{self.import_id}/runs", json={})
        assert answer.status_code == 202, answer.text
        return await self.finished(answer.json()["id"], within=within)

    async def finished(self, run_id: str, *, within: float = 60) -> Json:
        """Wait for a run's end and return it."""

        async def ended() -> Json | None:
            try:
                run: Json = (await self.client.get(f"/runs/{run_id}")).json()
            except httpx.TransportError:
                return None  # web may be among those that were killed
            return run if run.get("status") in FINAL else None

        return await until(ended, within=within, what=f"run {run_id} ends")

    async def contacts(self) -> dict[str, Json]:
        """Return all contacts by unique id."""
        found: dict[str, Json] = {}
        cursor: str | None = None
        while True:
            parameters: dict[str, str | int] = {"limit": 500} | ({"cursor": cursor} if cursor else {})
            page = (await self.client.get(f"/managers/{self.manager_id}/contacts", params=parameters)).json()
            found |= {item["unique_id"]: item["fields"] for item in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found

    async def problems(self, run_id: str) -> list[Json]:
        """Return a run's problems."""
        page: Json = (await self.client.get(f"/runs/{run_id}/problems", params={"limit": 500})).json()
        problems: list[Json] = page["items"]
        return problems

    async def change(self, **changes: object) -> None:
        """Change the import's set-up."""
        answer = await self.client.patch(f"/imports/{self.import_id}", json=changes)
        assert answer.status_code == 200, answer.text


async def set_up_import(  # the parts of a set-up are what tests differ in
    client: httpx.AsyncClient,
    source: Json,
    *,
    options: Json | None = None,
    fields: list[tuple[str, str]] | None = None,
    mapping: list[tuple[str, str]] | None = None,
    unique_id: Json | None = None,
    schedule: Json | None = None,
) -> Importing:
    """Make a manager with fields `No`, `Name`, `Email` and an import of the columns `No`, `Name`, `E-mail` to them."""
    fields = fields or [("No", "text"), ("Name", "text"), ("Email", "email")]
    manager: Json = {
        "name": "People",
        "fields": [{"name": name, "kind": kind} for name, kind in fields],
        "key_field": None,
    }
    answer = await client.post("/managers", json=manager)
    assert answer.status_code == 201, answer.text
    manager_id = answer.json()["id"]
    mapping = mapping or [("No", "No"), ("Name", "Name"), ("E-mail", "Email")]
    body: Json = {
        "name": "HR file",
        "manager_id": manager_id,
        "source": source,
        "options": {"has_header": True, "delimiter": ",", "error_emails": ["it@example.com"]} | (options or {}),
        "mapping": [{"column": column, "field": name} for column, name in mapping],
        "unique_id": unique_id or {"field": "No"},
        "schedule": schedule,
    }
    answer = await client.post("/imports", json=body)
    assert answer.status_code == 201, answer.text
    return Importing(client, manager_id, answer.json()["id"])
