"""Bad input: each a clear message with a stable code, on the run or as a problem document, and nothing changed."""

import secrets
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.support.http_server import HttpServer
from tests.support.imports import Importing, Json, csv_of, set_up_import, sftp_source
from tests.support.sftp_server import PasswordSftpServer, SftpServer
from tests.support.stack import Stack
from tests.support.system_packages import NGINX

GOOD = csv_of([["1", "One", "one@example.com"], ["2", "Two", ""]])


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PasswordSftpServer]:
    work = tmp_path_factory.mktemp("password-sftp")
    async with PasswordSftpServer(work, login="it", password=secrets.token_hex(8)) as server:
        (server.folder / "good.csv").write_text(GOOD, encoding="utf-8")
        yield server


async def _fails_and_changes_nothing(importing: Importing, change: Callable[[], object] | Json, code: str) -> Json:
    """Run once with the good file, then with what is wrong; return the failed run."""
    assert (await importing.run())["status"] == "succeeded"
    before = await importing.contacts()
    assert len(before) == 2
    if callable(change):
        change()
    else:
        await importing.change(**change)
    run = await importing.run()
    assert (run["status"], run["error"]["code"]) == ("failed", code), run
    assert await importing.contacts() == before
    message: str = run["error"]["message"]
    assert message.endswith((".", "?", "…"))
    assert not message[0].islower()
    return run


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"url": "sftp:\\\\host\\people.csv"}, "link_backslash", "source.url"),
        ({"login": None}, "login_missing", "source.login"),
        ({"password": None}, "password_missing", "source.password"),
        ({"url": "gopher://host/people.csv"}, "link_scheme", "source.url"),
    ],
)
async def test_a_bad_set_up_is_a_problem_document(
    client: httpx.AsyncClient, server: SftpServer, changes: Json, code: str, field: str
) -> None:
    managers_before = (await client.get("/managers")).json()["items"]
    source = sftp_source(server, "good.csv") | changes
    with pytest.raises(AssertionError) as refused:
        await set_up_import(client, source)
    problem = httpx.Response(200, text=str(refused.value).partition("\n")[0]).json()
    assert (problem["code"], problem["field"]) == (code, field)
    assert problem["status"] == 422
    imports = (await client.get("/imports")).json()["items"]
    managers = (await client.get("/managers")).json()["items"]
    new = {manager["id"] for manager in managers} - {manager["id"] for manager in managers_before}
    assert not [entry for entry in imports if entry["manager_id"] in new]


async def test_an_unknown_host(client: httpx.AsyncClient, server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("no-such-host.invalid", 22)
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    run = await _fails_and_changes_nothing(
        importing,
        {"source": {"url": "sftp://no-such-host.invalid/good.csv", "password": "its own"}},
        "host_unknown",
    )
    assert "no-such-host.invalid" in run["error"]["message"]


async def test_a_refused_password(client: httpx.AsyncClient, server: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    run = await _fails_and_changes_nothing(importing, {"source": {"password": "not-it"}}, "login_refused")
    assert "not-it" not in str(run)


async def test_a_private_key_that_is_none(client: httpx.AsyncClient, server: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    change = {"source": {"private_key": "-----BEGIN nothing", "password": None}}
    await _fails_and_changes_nothing(importing, change, "private_key_invalid")


async def test_a_file_that_is_not_there(client: httpx.AsyncClient, server: SftpServer) -> None:
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    await _fails_and_changes_nothing(importing, {"source": {"url": server.url("gone.csv")}}, "file_not_found")


async def test_a_404_and_a_401_of_a_web_server(client: httpx.AsyncClient, tmp_path: Path) -> None:
    if missing := NGINX.reason_missing():
        pytest.skip(missing)
    async with HttpServer(tmp_path, login="it", password=secrets.token_hex(8)) as web:
        (web.folder / "good.csv").write_text(GOOD, encoding="utf-8")
        source = {"kind": "remote", "url": web.https_url("good.csv"), "ca_certificate": web.ca_pem}
        importing = await set_up_import(client, source)
        await _fails_and_changes_nothing(importing, {"source": {"url": web.https_url("gone.csv")}}, "file_not_found")
        await importing.change(source={"url": web.https_url("private/good.csv"), "login": "it", "password": "no"})
        assert (await importing.run())["error"]["code"] == "login_refused"
        await importing.change(source={"url": web.https_url("good.csv"), "ca_certificate": None})
        assert (await importing.run())["error"]["code"] == "certificate_refused"


async def test_a_mapped_column_that_the_file_does_not_have(client: httpx.AsyncClient, server: SftpServer) -> None:
    (server.folder / "renamed.csv").write_text(GOOD.replace("E-mail", "Mail"), encoding="utf-8")
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    run = await _fails_and_changes_nothing(importing, {"source": {"url": server.url("renamed.csv")}}, "column_missing")
    assert '"E-mail"' in run["error"]["message"]
    assert '"Mail"' in run["error"]["message"]


async def test_a_file_that_is_not_text(client: httpx.AsyncClient, server: SftpServer) -> None:
    (server.folder / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\xff\xfe\xc3\x28" * 50)
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    await _fails_and_changes_nothing(importing, {"source": {"url": server.url("photo.csv")}}, "file_not_text")


async def test_a_wrong_file_of_one_endless_line(client: httpx.AsyncClient, server: SftpServer) -> None:
    (server.folder / "endless.csv").write_text("{" + '"a": 1, ' * 250_000 + "}", encoding="utf-8")
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    change = {"source": {"url": server.url("endless.csv")}, "options": {"delimiter": ";"}}
    run = await _fails_and_changes_nothing(importing, change, "column_missing")
    assert len(run["error"]["message"]) < 2_100


async def test_a_set_up_that_no_event_could_carry(client: httpx.AsyncClient, server: SftpServer) -> None:
    fields = [(f"F{number}", "text") for number in range(900)]
    mapping = [(f"{number:04}" * 375, name) for number, (name, _) in enumerate(fields)]
    source = sftp_source(server, "good.csv")
    with pytest.raises(AssertionError, match="set_up_too_large"):
        await set_up_import(client, source, fields=fields, mapping=mapping, unique_id={"field": "F0"})


async def test_an_empty_file_and_an_open_quote(client: httpx.AsyncClient, server: SftpServer) -> None:
    (server.folder / "empty.csv").write_bytes(b"")
    (server.folder / "open.csv").write_text(GOOD + '3,"Three', encoding="utf-8")
    importing = await set_up_import(client, sftp_source(server, "good.csv"))
    await _fails_and_changes_nothing(importing, {"source": {"url": server.url("empty.csv")}}, "file_empty")
    await importing.change(source={"url": server.url("open.csv")})
    run = await importing.run()
    assert run["error"]["code"] == "quote_unclosed"
    assert "line 4" in run["error"]["message"]


async def test_another_host_key_than_before(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with PasswordSftpServer(tmp_path, login="it", password=secrets.token_hex(8)) as server:
        (server.folder / "good.csv").write_text(GOOD, encoding="utf-8")
        importing = await set_up_import(client, sftp_source(server, "good.csv"))
        pinned = server.host_key_fingerprint

        assert (await importing.run())["status"] == "succeeded"
        server.renew_host_key()
        await server.restart()
        run = await importing.run()
        assert run["error"]["code"] == "host_key_changed"
        assert pinned in run["error"]["message"]
        assert server.host_key_fingerprint in run["error"]["message"]
