"""FTP and FTPS against vsftpd and ProFTPD, as they are really run."""

import hashlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.fetcher.adapters.ftp_transport import FtpTransport
from services.fetcher.ports import Credentials, OpenFile, RemoteServer
from services.fetcher.remote_fetch import no_steps
from shared.errors import UserError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS, read_all
from tests.support.ftp_server import FtpServer, ProftpdServer, VsftpdServer
from tests.support.ports import LOOPBACK
from tests.support.proftpd_package import proftpd_missing
from tests.support.server_matrix import ServerMatrix
from tests.support.system_packages import VSFTPD

CONTENT = random.Random(4).randbytes(3_000_001)
NAMES = {VsftpdServer: "vsftpd", ProftpdServer: "ProFTPD"}
KINDS = [
    (server, scheme, version, LOOPBACK)
    for server in NAMES
    for scheme, version in (("ftp", "1.3"), ("ftps", "1.2"), ("ftps", "1.3"), ("ftpsi", "1.2"), ("ftpsi", "1.3"))
] + [(server, scheme, "1.3", "::1") for server in NAMES for scheme in ("ftp", "ftps", "ftpsi")]


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join((NAMES[kind[0]], *kind[1:])))
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FtpServer]:
    kind, scheme, version, host = request.param
    if os.geteuid() != 0:
        pytest.skip("the FTP servers are run as root only")
    if missing := VSFTPD.reason_missing() if kind is VsftpdServer else proftpd_missing():
        pytest.skip(missing)
    async with kind(tmp_path, scheme=scheme, tls_version=version, host=host) as running:
        (running.folder / "people.csv").write_bytes(CONTENT)
        yield running


@asynccontextmanager
async def connected(server: FtpServer, **others: Any) -> AsyncIterator[RemoteServer]:
    credentials: dict[str, Any] = {
        "login": server.login,
        "password": server.password,
        "ca_certificate": server.ca_pem,
    } | others
    transport = FtpTransport(SETTINGS)
    async with transport.connect(parse_link(server.url("people.csv")), Credentials(**credentials), no_steps) as remote:
        yield remote


async def test_a_file_is_fetched_looked_at_listed_and_resumed(server: FtpServer, server_matrix: ServerMatrix) -> None:
    link = parse_link(server.url("people.csv"))
    (server.folder / "folder").mkdir()
    async with connected(server) as remote:
        async with remote.open(link) as opened:
            assert isinstance(opened, OpenFile)
            state = opened.state
            assert hashlib.sha256(await read_all(opened)).digest() == hashlib.sha256(CONTENT).digest()
        assert state.size == len(CONTENT)
        assert state.modified is not None
        assert state.same_file(await remote.state(link) or state)
        listed = await remote.list_files(link, lambda name: name != "other")
        assert [(file.name, file.state) for file in listed] == [("people.csv", state)]
        async with remote.open(link, offset=2_000_000, expected=state) as opened:
            assert isinstance(opened, OpenFile)
            assert await read_all(opened) == CONTENT[2_000_000:]
    tls = None if server.scheme == "ftp" else server.tls_version
    server_matrix.works(server=NAMES[type(server)], protocol=server.scheme, tls=tls, host=server.host, login="password")


async def test_what_the_server_refuses_is_said(server: FtpServer) -> None:
    with pytest.raises(UserError) as refused:
        async with connected(server, password="wrong"):
            pass
    assert refused.value.code == "login_refused"
    missing = parse_link(server.url("nobody.csv"))
    async with connected(server) as remote:
        with pytest.raises(UserError) as refused:
            async with remote.open(missing):
                pass
    assert refused.value.code == "file_not_found"
    if server.scheme != "ftp":
        with pytest.raises(UserError) as refused:
            async with connected(server, ca_certificate=None):
                pass
        assert refused.value.code == "certificate_refused"


async def test_a_reader_that_stops_early_leaves_at_once(server: FtpServer) -> None:
    async with connected(server) as remote, remote.open(parse_link(server.url("people.csv"))) as opened:
        assert isinstance(opened, OpenFile)
        block = await anext(opened.blocks)
    assert CONTENT.startswith(block)
