"""Something of everything that the pages show, and the addresses where they show it."""

import csv
import io
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx

from tests.support.imports import Importing, Json
from tests.support.stack import Stack

DAILY: Final = {"start": "2099-01-01T06:30:00", "time_zone": "Europe/Berlin", "rrule": "FREQ=DAILY"}


@dataclass(frozen=True)
class Words:
    """What everything is called: by default what it is."""

    before: str = ""
    after: str = ""

    def __call__(self, what: str) -> str:
        return f"{self.before}{what}{self.after}"


@asynccontextmanager
async def signed_in(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser without scripts in which the stack's admin has signed in."""
    async with httpx.AsyncClient(base_url=stack.url) as browser:
        body = {"login": str(stack.ready["login"]), "password": str(stack.ready["password"])}
        answer = await browser.post("/login", data=body)
        assert answer.status_code == 303, answer.text
        yield browser


class PageTour:
    """Makes a manager with imports and runs of all kinds of ends, in one stack."""

    def __init__(self, client: httpx.AsyncClient, words: Words) -> None:
        self._client = client
        self._words = words
        self._header = [words("No"), words("Name"), words("E-mail")]

    async def addresses(self, stack: Stack) -> list[str]:
        """Make it all, and return the addresses of all pages about it."""
        importing = await self._set_up()
        with_errors = (await importing.run())["id"]
        refused = await self._next_run(importing, self._file(3, name="New"))
        planned = await self._next_run(importing, self._file(42, name="New"), dry_run=True)
        undone = (await self._client.post(f"/runs/{with_errors}/undo", params={"dry_run": True})).json()["id"]
        await importing.finished(undone)
        manager, held = importing.manager_id, urlencode({"unique_id": self._words("1")})
        body = {"fields": {self._words("Name"): self._words("By hand")}}
        await self._made("PUT", f"/managers/{manager}/contacts/{self._words('hand').replace('/', '%2F')}", body)
        scheduled = (await self._made("POST", "/imports", self._scheduled(manager)))["id"]
        draft = await self._draft(stack, manager)
        empty = (await self._made("POST", "/managers", {"name": self._words("Empty"), "fields": []}))["id"]
        return [
            "/login",
            "/",
            "/events",
            f"/managers/{manager}",
            f"/managers/{manager}?sort=changed",
            f"/managers/{manager}?{urlencode({'q': self._words('nobody')})}",
            f"/managers/{empty}",
            f"/managers/{manager}/contacts/new",
            f"/managers/{manager}/contacts/edit?{held}",
            f"/managers/{manager}/contacts/delete?{held}",
            f"/managers/{manager}/contact-history?{held}",
            f"/managers/{manager}/imports",
            f"/managers/{manager}/imports?{urlencode({'q': self._words('nothing')})}",
            f"/managers/{empty}/imports",
            f"/imports/new?manager={manager}",
            f"/imports/drafts/{draft}",
            f"/imports/{importing.import_id}/edit",
            f"/imports/{scheduled}/edit",
            f"/imports/{importing.import_id}/delete",
            f"/imports/{importing.import_id}/runs",
            f"/imports/{scheduled}/runs",
            *(f"/runs/{run}" for run in (with_errors, refused, planned, undone)),
            f"/runs/{planned}?{urlencode({'q': self._words('New')})}",
            f"/runs/{with_errors}?{urlencode({'reason': 'email_invalid', 'column': self._header[2]})}",
            "/account",
            "/account/password",
            "/accounts",
            *(await self._accounts(stack)),
            "/audit",
            f"/audit?about={importing.import_id}",
            "/operations",
            "/operations/dead-letters",
            "/webhooks",
            await self._webhook(manager),
            f"/runs/{manager}",
        ]

    async def _set_up(self) -> Importing:
        fields = [{"name": self._words(name), "kind": kind} for name, kind in (("No", "text"), ("Name", "text"))]
        fields.append({"name": self._words("Email"), "kind": "email"})
        manager = await self._made("POST", "/managers", {"name": self._words("People"), "fields": fields})
        names = [field["name"] for field in fields]
        rows = [[self._words("40"), "Forty", self._words("nobody")], ["", "Without", "w@x.example"], ["short"]]
        body = {
            "name": self._words("HR file"),
            "manager_id": manager["id"],
            "source": await self._uploaded(self._file(40, more=rows)),
            "options": {"delete_missing": True, "limits": {"deletes": {"count": 5}}},
            "mapping": [{"column": column, "field": name} for column, name in zip(self._header, names, strict=True)],
            "unique_id": {"field": names[0]},
        }
        made = await self._made("POST", "/imports", body)
        return Importing(self._client, manager["id"], made["id"])

    def _scheduled(self, manager_id: str) -> Json:
        return {
            "name": self._words("Scheduled"),
            "manager_id": manager_id,
            "source": {"kind": "remote", "url": "http://127.0.0.1:9/people.csv"},
            "mapping": [{"column": self._words("No"), "field": self._words("No")}],
            "unique_id": {"field": self._words("No")},
            "schedule": DAILY,
        }

    def _file(self, count: int, *, name: str = "Name", more: list[list[str]] | None = None) -> str:
        rows = [[self._words(str(n)), self._words(f"{name} {n}"), f"p{n}@x.example"] for n in range(count)]
        text = io.StringIO()
        csv.writer(text).writerows([self._header, *rows, *(more or [])])
        return text.getvalue()

    async def _uploaded(self, text: str) -> Json:
        name = self._words("people.csv")
        answer = await self._client.post("/uploads", params={"name": name}, content=text.encode())
        assert answer.status_code == 201, answer.text
        return {"kind": "upload", "upload_id": answer.json()["upload_id"]}

    async def _next_run(self, importing: Importing, text: str, *, dry_run: bool = False) -> str:
        await importing.change(source=await self._uploaded(text))
        asked = await self._client.post(f"/imports/{importing.import_id}/runs", json={"dry_run": dry_run})
        run_id: str = (await importing.finished(asked.json()["id"]))["id"]
        return run_id

    async def _made(self, method: str, path: str, body: Json) -> Json:
        answer = await self._client.request(method, path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        made: Json = answer.json()
        return made

    async def _webhook(self, manager_id: str) -> str:
        body = {"url": "http://127.0.0.1:9/hook", "events": ["contacts.changed", "import.finished"]}
        made = await self._made("POST", "/webhooks", body | {"manager_id": manager_id})
        answer = await self._client.post(f"/webhooks/{made['id']}/test")
        assert answer.status_code == 202, answer.text
        return f"/webhooks/{made['id']}"

    async def _draft(self, stack: Stack, manager_id: str) -> str:
        """Leave a set-up as it is after its second step."""
        entered = {"source": "remote", "protocol": "https", "link": "files.example/p.csv", "delimiter": "comma"}
        entered |= {"name": self._words("Half made"), "emails": "it@x.example"}
        async with signed_in(stack) as browser:
            (token, *_) = re.findall(
                r'name="csrf" value="([^"]+)"', (await browser.get(f"/imports/new?manager={manager_id}")).text
            )
            parts = {name: (None, value) for name, value in ({"csrf": token} | entered).items()}
            answer = await browser.post("/imports/steps", params={"manager": manager_id}, files=parts)
        draft: str = answer.json()["draft"]
        return draft

    async def _accounts(self, stack: Stack) -> list[str]:
        async with signed_in(stack) as browser:
            token = re.findall(r'name="csrf" value="([^"]+)"', (await browser.get("/accounts")).text)[0]
            login = self._words(secrets.token_hex(3)).replace(" ", "")
            await browser.post("/accounts", data={"csrf": token, "login": login, "role": "viewer"})
            page = (await browser.get("/accounts")).text
        return re.findall(r'href="(/accounts/[0-9a-f-]{36})"', page)
