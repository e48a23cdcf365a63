"""No secret or password stands in any log line, event, error, page, stored object, table or mail.

Canaries go in where secrets go in; then everything that was written is searched for them.
"""

import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from shared import topics
from tests.support.imports import csv_of, set_up_import, sftp_source
from tests.support.sftp_server import PasswordSftpServer
from tests.support.stack import Stack

FIELDS = [("No", "text"), ("Name", "text"), ("Portal password", "password")]
MAPPING = [("No", "No"), ("Name", "Name"), ("Password", "Portal password")]


@pytest.fixture(scope="module")
async def own_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("secrets") / "data") as stack:
        yield stack


async def test_canaries_are_found_nowhere(own_stack: Stack, tmp_path: Path) -> None:
    stack = own_stack
    login_password, wrong_password, contact_password, passphrase, shown_password = (
        f"canary-{what}-{secrets.token_hex(12)}" for what in ("login", "wrong", "contact", "key", "shown")
    )
    async with PasswordSftpServer(tmp_path, login="it", password=login_password) as server, stack.client() as client:
        rows = [
            ["1", "One", contact_password],
            ["2", "", contact_password],
            ["", "Nobody", contact_password],
            # Rows that have lost their shape, so that the password stands where something else should.
            ["3", "Three", "or", contact_password, "four"],
            ["4", contact_password],
            [contact_password],
        ]
        (server.folder / "people.csv").write_text(csv_of(rows, ["No", "Name", "Password"]), encoding="utf-8")
        source = sftp_source(server, "people.csv")
        importing = await set_up_import(client, source, fields=FIELDS, mapping=MAPPING)
        good = await importing.run()
        assert good["status"] == "succeeded_with_errors", good
        assert (await importing.contacts())["1"]["Portal password"] is True
        (server.folder / "looked-at.csv").write_bytes(_looked_at(shown_password))
        shown = await _previews(client, server, importing.import_id)
        raw = {problem["line"]: problem["raw"] for problem in await importing.problems(good["id"])}
        assert raw[4] == ",Nobody,••••"
        assert raw[5] == "3,Three,••••,••••,••••"
        assert (raw[6], raw[7]) == ("4,••••", "••••")
        await importing.change(source={"password": wrong_password})
        bad = await importing.run()
        assert bad["error"]["code"] == "login_refused"
        await importing.change(source={"private_key": f"-----BEGIN {passphrase}", "password": None})
        assert (await importing.run())["status"] == "failed"
        shown += await _all_that_the_api_shows(client, importing.import_id, importing.manager_id)
        pages = await _pages(stack, importing.import_id, importing.manager_id, good["id"])
        records = await _records(stack.kafka)

    canaries = [login_password, wrong_password, contact_password, passphrase, shown_password]
    outside_the_secrets_folder = [stack.api_token, str(stack.ready["password"])]
    assert records, "events were read"
    assert "3,Three,••••,••••,••••".encode() in pages
    for canary in canaries + outside_the_secrets_folder:
        for form in _forms(canary):
            assert form not in shown
            assert form not in pages
            assert form not in records
            files = [file for file in _files(stack.data) if form in file.read_bytes()]
            allowed = canary in outside_the_secrets_folder
            assert [file for file in files if not (allowed and file.parent.name == "secrets")] == []


def _looked_at(password: str) -> bytes:
    """Return a file whose passwords stand under a name, in a column that is mapped, and in rows without a shape."""
    rows = ["No;Name;Kennwort;Password", f"1;Jürgen;{password};{password}", f"2;{password}", f"3;Zoë;x;y;{password}"]
    return "\n".join([*rows, f'4;"Ann;{password}', f"5;Eve;{password};z", ""]).encode("cp1252")


async def _previews(client: httpx.AsyncClient, server: PasswordSftpServer, import_id: str) -> bytes:
    """Return all that previews show, of a file read as it is, wrongly, and not at all."""
    source = sftp_source(server, "looked-at.csv")
    bodies = [
        {"source": source, "import_id": import_id},
        {"source": source, "options": {"delimiter": ",", "has_header": False}},
        {"source": source, "options": {"encoding": "utf-8", "skip_lines": 1}},
        {"source": source | {"url": server.url("nobody.csv")}},
        {"source": source | {"password": "wrong-one"}},
    ]
    answers = [await client.post("/previews", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 422]
    return b"".join(answer.content for answer in answers)


def _forms(secret: str) -> list[bytes]:
    """Return how a secret may be written: plain, and in base64 whatever stands before it."""
    encoded = [base64.b64encode(b"x" * shift + secret.encode())[4 * shift : -8] for shift in range(3)]
    return [secret.encode(), *encoded]


def _files(data: Path) -> list[Path]:
    """Return every file the stack wrote, those of the database included, and its own output."""
    return [file for file in [*data.rglob("*"), data.parent / f"{data.name}.up.log"] if _is_searched(file)]


def _is_searched(file: Path) -> bool:
    # The ready line is meant for whoever started the stack, and says token and password.
    return file.is_file() and not file.name.endswith(".up.log")


async def _all_that_the_api_shows(client: httpx.AsyncClient, import_id: str, manager_id: str) -> bytes:
    runs = (await client.get(f"/imports/{import_id}/runs")).json()["items"]
    paths = [
        f"/imports/{import_id}",
        f"/imports?manager_id={manager_id}",
        f"/managers/{manager_id}",
        f"/managers/{manager_id}/contacts",
        f"/managers/{manager_id}/contacts.csv",
        *(f"/runs/{run['id']}{part}" for run in runs for part in ("", "/problems", "/plan")),
    ]
    answers = [await client.get(path) for path in paths]
    assert all(answer.is_success for answer in answers), [answer.url for answer in answers if not answer.is_success]
    return b"".join(answer.content for answer in answers)


async def _pages(stack: Stack, import_id: str, manager_id: str, run_id: str) -> bytes:
    async with httpx.AsyncClient(base_url=stack.url, follow_redirects=True) as browser:
        page = await browser.get("/login")
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"login": stack.ready["login"], "password": stack.ready["password"], "csrf_token": token}
        signed_in = await browser.post("/login", data=form, headers={"origin": stack.url})
        assert signed_in.is_success, signed_in.text
        paths = ["/", f"/managers/{manager_id}", f"/managers/{manager_id}/imports", f"/imports/{import_id}/edit"]
        answers = [await browser.get(path) for path in [*paths, f"/runs/{run_id}"]]
        assert all(answer.is_success for answer in answers), [answer.url for answer in answers if not answer.is_success]
        return b"".join(answer.content for answer in answers)


async def _records(bootstrap_servers: str) -> bytes:
    """Return all records of all topics: keys, headers, bodies."""
    names = [name for topic in topics.ALL for name in (topic.name, topic.dead_letters)]
    make_consumer: Any = AIOKafkaConsumer
    consumer = make_consumer(*names, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found = b""
    try:
        while True:
            taken = await consumer.getmany(timeout_ms=3000)
            if not taken:
                return found
            for batch in taken.values():
                for record in batch:
                    found += (record.key or b"") + (record.value or b"")
                    found += b"".join(value or b"" for _, value in record.headers)
    finally:
        await consumer.stop()
