"""A file on a server: each protocol, its link, and what it takes to log in."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import expect

from tests.support.ftp_server import FtpScheme, ProftpdServer
from tests.support.http_server import HttpServer
from tests.support.imports import csv_of
from tests.support.set_up_by_hand import ManagerByHand, RemoteFile, SetUpByHand
from tests.support.sftp_server import PasswordSftpServer
from tests.support.system_packages import NGINX

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = csv_of([[str(number), f"Name {number}", f"p{number}@example.com"] for number in range(3)])
FTP: Final[dict[str, FtpScheme]] = {"FTP": "ftp", "SslFtp (explicit)": "ftps", "SslFtp (implicit)": "ftpsi"}
NO_NGINX = pytest.mark.skipif(NGINX.reason_missing() is not None, reason="nginx is missing")
NOT_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the FTP servers are run as root only")


@asynccontextmanager
async def served(protocol: str, work: Path) -> AsyncIterator[RemoteFile]:
    """Give a file of three people on a real server of this protocol."""
    if protocol in {"HTTP", "HTTPS"}:
        async with HttpServer(work) as web:
            (web.folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
            if protocol == "HTTP":
                yield RemoteFile(web.http_url("people.csv"))
            else:
                yield RemoteFile(web.https_url("people.csv"), ca_certificate=web.ca_pem)
    elif protocol == "SFTP":
        async with PasswordSftpServer(work) as sftp:
            (sftp.folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
            yield RemoteFile(sftp.url("people.csv"), sftp.login, sftp.password or "")
    else:
        scheme = FTP[protocol]
        async with ProftpdServer(work, scheme=scheme) as ftp:
            (ftp.folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
            yield RemoteFile(ftp.url("people.csv"), ftp.login, ftp.password, "" if scheme == "ftp" else ftp.ca_pem)


@pytest.mark.parametrize(
    "protocol",
    [
        pytest.param("HTTP", marks=NO_NGINX),
        pytest.param("HTTPS", marks=NO_NGINX),
        "SFTP",
        *[pytest.param(each, marks=NOT_ROOT) for each in FTP],
    ],
)
async def test_a_list_is_imported_by_each_protocol(manager: ManagerByHand, protocol: str, tmp_path: Path) -> None:
    async with served(protocol, tmp_path / "server") as file:
        set_up = await manager.set_up()
        await set_up.from_network(protocol, file)
        await set_up.on_to("run")
        await manager.hands.press(set_up.button("Run Import"))
        await manager.run_shown("Finished successfully")
    assert set(await manager.contacts()) == {"0", "1", "2"}
    (entry,) = await manager.imports()
    assert entry["source"]["url"] == file.url
    assert set_up.steps.failures == []


async def refused(set_up: SetUpByHand, words: str, field: str) -> None:
    """Press Next, and be told at this field what is wrong."""
    await set_up.hands.press(set_up.button("Next"))
    await expect(set_up.page.locator("[data-step=source] .said")).to_contain_text(words)
    await expect(set_up.page.get_by_label(field, exact=True)).to_be_focused()
    await expect(set_up.page.get_by_label(field, exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(set_up.page.locator("[data-step=source]")).to_be_visible()


async def test_ftp_and_sftp_want_login_and_password(manager: ManagerByHand) -> None:
    set_up, hands, page = await manager.set_up(), manager.hands, manager.page
    await expect(page.get_by_label("Link", exact=True)).to_have_attribute("placeholder", "file_location/filename.csv")
    await set_up.from_network("HTTP", RemoteFile("http://localhost:1/people.csv"))
    await hands.write(page.get_by_label("Name", exact=True).first, "People")
    for protocol, called in [("SFTP", "sftp"), *FTP.items()]:
        await hands.select(page.get_by_label("Protocol"), protocol)
        await hands.write(page.get_by_label("Login", exact=True), "")
        await refused(set_up, f"A login is needed for {called}", "Login")
        await hands.write(page.get_by_label("Login", exact=True), "people")
        await refused(set_up, "assword", "Password")
    await hands.write(page.get_by_label("Password", exact=True), "open")
    await set_up.next("options")


async def test_a_link_with_backslashes_is_incorrect(manager: ManagerByHand) -> None:
    set_up, hands, page = await manager.set_up(), manager.hands, manager.page
    await expect(page.locator("[data-step=source]")).to_contain_text("Only “/” may be used in a link")
    await set_up.from_network("HTTP", RemoteFile(r"http://localhost:1\export\people.csv"))
    await hands.write(page.get_by_label("Name", exact=True).first, "People")
    await refused(set_up, 'The link has a backslash: only "/" may be used in a link', "Link")
    await hands.write(page.get_by_label("Link", exact=True), "localhost:1/export/people.csv")
    await set_up.next("options")
