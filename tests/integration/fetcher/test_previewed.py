"""The beginning of a large file, from every sort of server: asked once, and broken off without waiting for the rest."""

import os
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from services.fetcher.adapters.beginning import beginning_of
from services.fetcher.adapters.ftp_transport import FtpTransport
from services.fetcher.adapters.http_transport import HttpTransport
from services.fetcher.adapters.sftp_transport import SftpTransport
from services.fetcher.ports import Credentials, FileTransport
from services.fetcher.remote_fetch import RemoteFetch
from shared.clock import SystemClock
from shared.errors import ContactsSyncError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS
from tests.support.ftp_server import FtpServer, ProftpdServer, VsftpdServer
from tests.support.http_server import HttpServer
from tests.support.proftpd_package import proftpd_missing
from tests.support.sftp_server import PasswordSftpServer
from tests.support.system_packages import NGINX, VSFTPD

CONTENT = random.Random(9).randbytes(32 << 20)
MOST = 1 << 20
Served = tuple[FtpServer | HttpServer | PasswordSftpServer, FileTransport, str, Credentials]
FTP: dict[str, tuple[type[FtpServer], str]] = {
    "vsftpd-ftp": (VsftpdServer, "ftp"),
    "vsftpd-ftps": (VsftpdServer, "ftps"),
    "proftpd-ftp": (ProftpdServer, "ftp"),
    "proftpd-ftpsi": (ProftpdServer, "ftpsi"),
}


@pytest.fixture(params=["sftp", "https", *FTP])
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    if request.param == "sftp":
        async with PasswordSftpServer(tmp_path) as sftp:
            (sftp.folder / "large.csv").write_bytes(CONTENT)
            credentials = Credentials(login=sftp.login, password=sftp.password)
            yield sftp, SftpTransport(SETTINGS), sftp.url("large.csv"), credentials
        return
    if request.param == "https":
        if missing := NGINX.reason_missing():
            pytest.skip(missing)
        async with HttpServer(tmp_path) as web:
            (web.folder / "large.csv").write_bytes(CONTENT)
            yield web, HttpTransport(SETTINGS), web.https_url("large.csv"), Credentials(ca_certificate=web.ca_pem)
        return
    kind, scheme = FTP[request.param]
    if os.geteuid() != 0:
        pytest.skip("the FTP servers are run as root only")
    if missing := VSFTPD.reason_missing() if kind is VsftpdServer else proftpd_missing():
        pytest.skip(missing)
    async with kind(tmp_path, scheme=scheme) as ftp:  # type: ignore[arg-type]
        (ftp.folder / "large.csv").write_bytes(CONTENT)
        credentials = Credentials(login=ftp.login, password=ftp.password, ca_certificate=ftp.ca_pem)
        yield ftp, FtpTransport(SETTINGS), ftp.url("large.csv"), credentials


async def test_the_beginning_is_fetched_again_and_again(served: Served) -> None:
    server, transport, url, credentials = served
    for _ in range(2):
        fetch = RemoteFetch(transport, parse_link(url), credentials, SETTINGS, SystemClock())
        try:
            async with aclosing(fetch.blocks_once()) as blocks:
                data, is_whole = await beginning_of(blocks, MOST, most_ratio=500)
        finally:
            await fetch.close()
        assert (data, is_whole) == (CONTENT[:MOST], False)
        assert fetch.state.size == len(CONTENT)
    if isinstance(server, HttpServer):
        sent = [int(line.split()[3]) for line in server.requests() if line.startswith("GET")]
        assert sent
        assert max(sent) < len(CONTENT) / 2


async def test_what_fails_fails_at_once(served: Served) -> None:
    _, transport, url, credentials = served
    missing = parse_link(url.replace("large", "missing"))
    fetch = RemoteFetch(transport, missing, credentials, SETTINGS, SystemClock())
    with pytest.raises(ContactsSyncError) as caught:
        await anext(fetch.blocks_once())
    await fetch.close()
    assert caught.value.code == "file_not_found"
