"""Files from every kind of server, through the whole system: FTPS, patterns, archives, and what is unchanged."""

import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.ftp_server import VsftpdServer
from tests.support.http_server import HttpServer
from tests.support.imports import Json, csv_of, set_up_import, sftp_source
from tests.support.sftp_server import SftpServer
from tests.support.stack import Stack
from tests.support.system_packages import NGINX, VSFTPD

FIRST = csv_of([["1", "One", ""], ["2", "Two", ""]])
SECOND = csv_of([["1", "Uno", ""], ["3", "Three", ""]])


@pytest.fixture
async def client(embedded_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded_stack.client() as client:
        yield client


@pytest.mark.skipif(NGINX.reason_missing() is not None, reason="nginx is missing")
async def test_a_web_servers_validators_save_the_download(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with HttpServer(tmp_path / "nginx") as server:
        file = server.folder / "bearer/people.csv"
        file.write_text(FIRST, encoding="utf-8")
        source: Json = {
            "kind": "remote",
            "url": server.https_url("bearer/people.csv"),
            "ca_certificate": server.ca_pem,
            "bearer_token": server.bearer_token,
        }
        importing = await set_up_import(client, source)
        assert (await importing.run())["counts"]["added"] == 2
        assert (await importing.run())["status"] == "unchanged"
        assert server.requests()[-1].split()[2] == "304"

        await importing.change(options={"trim": False})
        assert (await importing.run())["status"] == "succeeded", "another set-up has the same file applied again"

        file.write_text(SECOND, encoding="utf-8")
        counts = (await importing.run())["counts"]
        assert (counts["added"], counts["updated"]) == (1, 1)
        assert set(await importing.contacts()) == {"1", "2", "3"}


@pytest.mark.skipif(VSFTPD.reason_missing() is not None, reason="vsftpd is missing")
@pytest.mark.skipif(os.geteuid() != 0, reason="the FTP servers are run as root only")
@pytest.mark.parametrize("scheme", ["ftps", "ftpsi"])
async def test_the_newest_file_of_a_pattern_by_ftps(client: httpx.AsyncClient, tmp_path: Path, scheme: str) -> None:
    async with VsftpdServer(tmp_path / "vsftpd", scheme=scheme) as server:  # type: ignore[arg-type]
        for name, content, modified in (("people-1.csv", SECOND, 1_000), ("people-2.csv.gz", FIRST, 2_000)):
            data = content.encode()
            (server.folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
            os.utime(server.folder / name, (modified, modified))
        source: Json = {
            "kind": "remote",
            "url": server.url("people-") + "*",
            "login": server.login,
            "password": server.password,
            "ca_certificate": server.ca_pem,
        }
        importing = await set_up_import(client, source)
        first = await importing.run()
        assert (first["status"], first["file"]["name"]) == ("succeeded", "people-2.csv.gz"), first
        assert set(await importing.contacts()) == {"1", "2"}
        assert (await importing.run())["status"] == "unchanged"
        os.utime(server.folder / "people-1.csv", (3_000, 3_000))
        second = await importing.run()
        assert (second["status"], second["file"]["name"]) == ("succeeded", "people-1.csv"), second
        assert second["counts"]["updated"] == 1


async def test_todays_date_in_the_name(client: httpx.AsyncClient, sftp: SftpServer) -> None:
    (sftp.folder / "dated-1999-01-01.csv").write_text(SECOND, encoding="utf-8")
    source = sftp_source(sftp, "x") | {"url": sftp.url("dated-") + "{YYYY-MM-DD}.csv"}
    importing = await set_up_import(client, source)
    missing = await importing.run()
    assert missing["error"]["code"] in {"file_not_found", "no_file_matches"}, missing
