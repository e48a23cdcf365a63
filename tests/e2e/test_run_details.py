"""What a run's page and the API tell of it: reasons with how often, contacts found in its plan, the file itself."""

import gzip
import re
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest

from shared.rules.roles import Role
from tests.support.accounts import know_token, make_account
from tests.support.imports import Importing, csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack

PEOPLE = 60
HEADER = ["No", "Name", "E-mail"]


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest.fixture
async def browser(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Pages as a browser without scripts asks for them."""
    async with httpx.AsyncClient(base_url=embedded_stack.url) as browser:
        body = {"login": str(embedded_stack.ready["login"]), "password": str(embedded_stack.ready["password"])}
        assert (await browser.post("/login", data=body)).status_code == 303
        yield browser


async def imported(client: httpx.AsyncClient, sftp: SftpServer, data: bytes, name: str, **given: object) -> Importing:
    folder = sftp.folder / secrets.token_hex(6)
    folder.mkdir()
    (folder / name).write_bytes(data)
    return await set_up_import(client, sftp_source(sftp, f"{folder.name}/{name}"), **given)  # type: ignore[arg-type]


async def as_role(stack: Stack, role: Role) -> str:
    """Return a token of a new account with a role."""
    token = secrets.token_urlsafe(16)
    dsn = str(stack.ready["database"])
    account = await make_account(dsn, secrets.token_hex(6), "not used", role)
    await know_token(dsn, account, token, role)
    return token


async def test_problems_are_told_by_reason(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, sftp: SftpServer
) -> None:
    rows = [[str(n), f"Name {n}", "nobody" if n % 2 else f"p{n}@x.example"] for n in range(PEOPLE * 2)]
    rows += [["", "Without", "a@x.example"], ["short"]]
    importing = await imported(client, sftp, csv_of(rows, HEADER).encode(), "people.csv")
    run = await importing.run()
    reasons = (await client.get(f"/runs/{run['id']}/reasons")).json()
    assert [(each["code"], each["column"], each["count"]) for each in reasons] == [
        ("email_invalid", "E-mail", PEOPLE),
        ("id_missing", "No", 1),
        ("too_few_cells", None, 1),
    ]
    assert reasons[0]["lines"] == [3, 5, 7, 9, 11]
    shown = (await browser.get(f"/runs/{run['id']}")).text
    assert re.findall(r'<td class="number">(\d+)</td>\s*<td><span class="tag error">', shown)[:3] == ["60", "1", "1"]
    asked = urlencode({"reason": "email_invalid", "column": "E-mail"})
    some = (await browser.get(f"/runs/{run['id']}?{asked}")).text
    assert "Short" not in some
    assert some.count('class="raw"') == 50
    following = re.findall(r'href="([^"]*problems=[^"]+)#problems" rel="next"', some)[0].replace("&amp;", "&")
    rest = (await browser.get(following)).text
    assert rest.count('class="raw"') == PEOPLE - 50
    few = (await browser.get(f"/runs/{run['id']}?{urlencode({'reason': 'too_few_cells'})}")).text
    assert few.count('class="raw"') == 1


async def test_contacts_are_found_in_a_plan(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, sftp: SftpServer
) -> None:
    first = [[f"A{n}", f"First {n}", f"p{n}@x.example"] for n in range(PEOPLE)]
    importing = await imported(client, sftp, csv_of(first, HEADER).encode(), "people.csv", options={"every_time": True})
    loaded = await importing.run()
    again = [[f"A{n}", "100 % <b>new</b>" if n == 7 else f"First {n}", f"p{n}@x.example"] for n in range(1, PEOPLE)]
    file = max(sftp.folder.glob("*/people.csv"), key=lambda path: path.stat().st_mtime)
    file.write_bytes(csv_of(again, HEADER).encode())
    await importing.change(options={"delete_missing": True, "every_time": True})
    changed = await importing.run()

    async def found(run_id: str, text: str, **asked: str) -> list[tuple[str, str]]:
        answer = await client.get(f"/runs/{run_id}/plan", params={"q": text} | asked)
        assert (answer.status_code, answer.json()["next"]) == (200, None)
        return [(each["change"], each["unique_id"]) for each in answer.json()["items"]]

    assert [each for _, each in await found(loaded["id"], "A5")] == ["A5", *(f"A5{n}" for n in range(10))]
    assert await found(loaded["id"], "first 59") == [("added", "A59")]
    assert await found(changed["id"], "FIRST 7") == [("updated", "A7")]
    assert await found(changed["id"], "100 %") == [("updated", "A7")]
    assert await found(changed["id"], "1_0") == []
    assert await found(changed["id"], "A0") == [("deleted", "A0")]
    assert await found(changed["id"], "A0", kind="updated") == []
    page = (await browser.get(f"/runs/{changed['id']}?{urlencode({'q': '<b>new'})}")).text
    assert "100 % &lt;b&gt;new&lt;/b&gt;" in page
    assert page.count("rowgroup") == 1
    nothing = (await browser.get(f"/runs/{changed['id']}?{urlencode({'q': 'nobody'})}")).text
    assert "Nothing of this kind was found." in nothing


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_the_file_comes_back_byte_for_byte(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, sftp: SftpServer, embedded_stack: Stack, encoding: str
) -> None:
    data = csv_of([["1", "Zoë", "z@x.example"], ["2", "Renée", "r@x.example"]], HEADER).encode(encoding)
    options = {"encoding": "cp1252"} if encoding == "cp1252" else {}
    importing = await imported(client, sftp, gzip.compress(data), 'the "list"; ü.csv.gz', options=options)
    run = await importing.run()
    got = await client.get(f"/runs/{run['id']}/file.csv")
    assert got.content == data
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''the%20%22list%22%3B%20%C3%BC.csv"
    assert (await browser.get(f"/runs/{run['id']}/file.csv")).content == data
    newest = (await client.get("/audit", params={"limit": 1})).json()["items"][0]
    assert (newest["what"], newest["object_id"]) == ("run.file_taken", run["id"])
    viewer = {"authorization": f"Bearer {await as_role(embedded_stack, Role.VIEWER)}"}
    assert (await client.get(f"/runs/{run['id']}/file.csv", headers=viewer)).json()["code"] == "role_missing"


async def test_a_file_with_passwords_is_for_admins(
    client: httpx.AsyncClient, sftp: SftpServer, embedded_stack: Stack
) -> None:
    data = csv_of([["1", "Ann", "s3cret"]], ["No", "Name", "Secret"]).encode()
    importing = await imported(
        client,
        sftp,
        data,
        "people.csv",
        fields=[("No", "text"), ("Name", "text"), ("Secret", "password")],
        mapping=[("No", "No"), ("Name", "Name"), ("Secret", "Secret")],
    )
    run = await importing.run()
    editor = {"authorization": f"Bearer {await as_role(embedded_stack, Role.APPROVER)}"}
    refused = await client.get(f"/runs/{run['id']}/file.csv", headers=editor)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    assert (await client.get(f"/runs/{run['id']}/file.csv")).content == data
