"""The HTTP and mail servers of tests/support, each proved with a real client."""

import base64
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx
import pytest

from tests.support.http_server import HttpServer
from tests.support.ports import LOOPBACK, accepts_connections
from tests.support.server_process import ServerProcess
from tests.support.smtp_server import SmtpServer
from tests.support.system_packages import NGINX
from tests.support.waiting import until

FILE = b"Employee no,E-mail\r\n1,zo\xc3\xab@example.org\r\n"
DEADLINE = 20

needs_nginx = pytest.mark.skipif(NGINX.reason_missing() is not None, reason=str(NGINX.reason_missing()))


@needs_nginx
async def test_nginx_serves_http_and_https_with_validators(tmp_path: Path) -> None:
    async with HttpServer(tmp_path / "a folder; with {signs}") as server:
        (server.folder / "people list.csv").write_bytes(FILE)
        trust = ssl.create_default_context(cadata=server.ca_pem)
        async with httpx.AsyncClient(verify=trust, timeout=DEADLINE) as client:
            for url in (server.http_url("people list.csv"), server.https_url("people list.csv")):
                answer = await client.get(url)
                assert (answer.status_code, answer.content) == (200, FILE)
                assert answer.headers["content-type"] == "text/csv"
                again = await client.get(url, headers={"If-None-Match": answer.headers["etag"]})
                assert again.status_code == 304
                part = await client.get(url, headers={"Range": "bytes=5-9"})
                assert (part.status_code, part.content) == (206, FILE[5:10])
        async with httpx.AsyncClient(timeout=DEADLINE) as distrusting:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await distrusting.get(server.https_url("people list.csv"))
        await until(lambda: len(server.requests()) == 6, within=DEADLINE, what="six requests are logged")
        assert server.requests()[1] == "GET /people%20list.csv 304 0"
    assert not accepts_connections(server.http_port)
    assert not accepts_connections(server.https_port)


@needs_nginx
async def test_nginx_demands_the_login_for_private_files(tmp_path: Path) -> None:
    async with HttpServer(tmp_path) as server, httpx.AsyncClient(timeout=DEADLINE) as client:
        (server.folder / "private" / "people.csv").write_bytes(FILE)
        url = server.http_url("private/people.csv")
        assert (await client.get(url)).status_code == 401
        assert (await client.get(url, auth=(server.login, "wrong"))).status_code == 401
        answer = await client.get(url, auth=(server.login, server.password))
        assert (answer.status_code, answer.content) == (200, FILE)


async def test_demo_http_server_serves_its_folder_to_its_login(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(b"outside")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "people.csv").write_bytes(FILE)
    arguments = [f"--folder={folder}", "--login=people", "--password=sésame: open"]
    module = "services.cli.demo.http_server"
    process = ServerProcess.of_module("the HTTP server", module, arguments, log=tmp_path / "http.log")

    async def ready() -> bool:
        return process.ready_line() is not None

    await process.start(ready, within=DEADLINE)
    try:
        url = f"http://{LOOPBACK}:{(process.ready_line() or {})['port']}"
        async with httpx.AsyncClient(timeout=DEADLINE) as client:
            answer = await client.get(f"{url}/people.csv", auth=("people", "sésame: open"))
            assert (answer.status_code, answer.content) == (200, FILE)
            assert (await client.get(f"{url}/", auth=("people", "sésame: open"))).status_code == 404
            outside = await client.get(f"{url}/%2e%2e/secret.csv", auth=("people", "sésame: open"))
            assert outside.status_code == 404
            for header in (
                None,
                "Basic",
                "Basic *",
                "Bearer " + base64.b64encode("people:sésame: open".encode()).decode(),
            ):
                refused = await client.get(f"{url}/people.csv", headers={"Authorization": header} if header else {})
                assert refused.status_code == 401, header
                assert refused.headers["www-authenticate"].startswith("Basic ")
    finally:
        await process.stop()
    assert process.returncode == 0, process.printed()


async def test_mail_server_keeps_mails_and_refuses_when_told() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "sync@example.org", "a@example.org", "Import finished: é"
    mail.set_content("12 rows\n")
    async with SmtpServer() as server:
        server.refuse_next(1)
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await aiosmtplib.send(mail, hostname=LOOPBACK, port=server.port, timeout=DEADLINE)
        assert (refusal.value.code, server.refused, server.mails) == (451, 1, [])

        await aiosmtplib.send(
            mail,
            hostname=LOOPBACK,
            port=server.port,
            timeout=DEADLINE,
            recipients=["a@example.org", "hidden@example.org"],
        )
        (received,) = server.mails
        assert received.sender == "sync@example.org"
        assert received.recipients == ("a@example.org", "hidden@example.org")
        assert received.message["Subject"] == "Import finished: é"
        assert received.message.get_content().replace("\r\n", "\n") == "12 rows\n"
        assert server.url == f"smtp://{LOOPBACK}:{server.port}"

        server.stop()
        with pytest.raises(aiosmtplib.SMTPConnectError):
            await aiosmtplib.send(mail, hostname=LOOPBACK, port=server.port, timeout=DEADLINE)
        server.start()
        await aiosmtplib.send(mail, hostname=LOOPBACK, port=server.port, timeout=DEADLINE)
        assert len(server.mails) == 2


async def test_mail_server_with_a_login_takes_mail_from_nobody_else() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "sync@example.org", "a@example.org"
    async with SmtpServer(login="sync@example.org", password="p/w: é") as server:
        address: dict[str, Any] = {
            "hostname": LOOPBACK,
            "port": server.port,
            "timeout": DEADLINE,
            "start_tls": False,
        }
        with pytest.raises(aiosmtplib.SMTPResponseException) as anonymous:
            await aiosmtplib.send(mail, **address)
        assert anonymous.value.code == 530
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await aiosmtplib.send(mail, **address, username=server.login, password="wrong")
        assert server.mails == []
        await aiosmtplib.send(mail, **address, username=server.login, password=server.password)
        assert len(server.mails) == 1
        assert server.url == f"smtp://sync%40example.org:p%2Fw%3A%20%C3%A9@{LOOPBACK}:{server.port}"
