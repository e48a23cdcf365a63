"""Servers that misbehave, each really doing it, and the whole system beside them: a clear error with a stable code,
nothing changed, and memory flat.
"""

import asyncio
import gzip
import io
import itertools
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.ftp_server import FtpServer, VsftpdServer
from tests.support.hostile_ftp import HostileFtpServer
from tests.support.hostile_http import Behaviour, HostileHttpServer, Request, send_file, send_head
from tests.support.http_server import HttpServer
from tests.support.imports import Importing, Json, csv_of, set_up_import, sftp_source
from tests.support.memory import PeakMemory
from tests.support.ports import LOOPBACK
from tests.support.sftp_server import OpenSshServer
from tests.support.stack import Stack
from tests.support.system_packages import NGINX, SSHD, VSFTPD, reasons_missing

GOOD = csv_of([["1", "One", "one@example.com"], ["2", "Two", ""]]).encode()
NEXT = csv_of([["1", "Uno", ""], ["3", "Three", ""]]).encode() * 20_000
MOST_MEMORY = 64 << 20
MOST_BYTES = 200 << 20
SETTINGS = {
    # So that the rest of the loopback network counts as private: redirects to it have to be refused.
    "CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS": f'["{LOOPBACK}/32"]',
    "CONTACTS_SYNC_FETCHER__IDLE_SECONDS": "1.5",
    "CONTACTS_SYNC_FETCHER__CONNECT_SECONDS": "5",
    "CONTACTS_SYNC_FETCHER__GROWING_SECONDS": "1",
    "CONTACTS_SYNC_FETCHER__ATTEMPTS": "2",
    "CONTACTS_SYNC_FETCHER__MAX_BYTES": str(MOST_BYTES),
}
pytestmark = pytest.mark.skipif(bool(reasons_missing((SSHD, NGINX, VSFTPD))), reason="a file server is missing")


@pytest.fixture(scope="module")
async def strict_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(tmp_path_factory.mktemp("bad-sources") / "data", settings=SETTINGS) as stack:
        yield stack


@pytest.fixture
async def client(strict_stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with strict_stack.client() as client:
        yield client


@dataclass
class Good:
    """Behaves well with what it holds, until it is told otherwise."""

    behaviour: Behaviour | None = None

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if self.behaviour is None:
            await send_file(request, writer, GOOD)
        else:
            await self.behaviour(request, writer)


def sending(content: bytes) -> Behaviour:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await send_file(request, writer, content, etag='"another"')

    return behave


async def stall(_request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 200, Content_Length=1000)
    writer.write(b"No,Name,E-mail\n")
    await writer.drain()
    await asyncio.Event().wait()


async def announce_too_much(request: Request, writer: asyncio.StreamWriter) -> None:
    offset = request.offset
    partial = f"bytes {offset}-{len(GOOD) + 99}/{len(GOOD) + 100}" if offset else None
    length = len(GOOD) + 100 - offset
    await send_head(writer, 206 if offset else 200, Content_Length=length, Content_Range=partial, ETag='"two"')
    if request.method != "HEAD":
        writer.write(GOOD[offset:])
        await writer.drain()


async def announce_10_gib(_request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 200, Content_Length=10 << 30)


async def send_on_and_on(_request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 200)
    writer.write(b"No,Name,E-mail\n")
    for number in itertools.count():
        writer.write(b"%d,Somebody,\n" % number * 10_000)
        await writer.drain()


def growing() -> Behaviour:
    content = bytearray(GOOD)

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        content.extend(b"9,More,\n")
        await send_file(request, writer, bytes(content), etag=f'"{len(content)}"')

    return behave


async def redirect_to_loopback(_request: Request, writer: asyncio.StreamWriter) -> None:
    await send_head(writer, 302, Location="http://127.0.0.2/people.csv", Content_Length=0)


def zip_with(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, GOOD)
    return out.getvalue()


BOMB = gzip.compress(b"1,One,\n" * (MOST_BYTES // 7))
HTTP_FAULTS: dict[str, tuple[Callable[[], Behaviour], str]] = {
    "stall": (lambda: stall, "server_stalled"),
    "truncated": (lambda: announce_too_much, "connection_lost"),
    "growing": (growing, "file_changing"),
    "redirect to loopback": (lambda: redirect_to_loopback, "address_blocked"),
    "gzip bomb": (lambda: sending(BOMB), "archive_bomb"),
    "gzip cut short": (lambda: sending(gzip.compress(NEXT)[:-30]), "archive_truncated"),
    "zip with ../": (lambda: sending(zip_with("../../people.csv")), "archive_name_unsafe"),
    "10 GiB announced": (lambda: announce_10_gib, "file_too_large"),
    "endless body": (lambda: send_on_and_on, "file_too_large"),
}


async def fails(importing: Importing, change: Callable[[], Awaitable[object]], code: str) -> Json:
    """Run with the good file, and again after the change; return the second run, which changed nothing."""
    first = await importing.run()
    assert first["status"] == "succeeded", first
    before = await importing.contacts()
    assert len(before) == 2
    await change()
    run = await importing.run()
    assert (run["status"], run["error"]["code"]) == ("failed", code), run
    assert await importing.contacts() == before
    assert run["error"]["message"].endswith((".", "?"))
    return run


@pytest.mark.parametrize("fault", HTTP_FAULTS)
async def test_a_web_server_that_misbehaves(client: httpx.AsyncClient, strict_stack: Stack, fault: str) -> None:
    make, code = HTTP_FAULTS[fault]
    good = Good()
    async with HostileHttpServer(good) as server:
        importing = await set_up_import(client, {"kind": "remote", "url": server.url()})

        async def turn_bad() -> None:
            good.behaviour = make()

        with PeakMemory.of_service(strict_stack, "fetcher") as memory:
            await fails(importing, turn_bad, code)
    assert memory.grown < MOST_MEMORY


async def test_a_cut_in_the_middle_is_resumed(client: httpx.AsyncClient) -> None:
    """The same file in spite of it: the run says the hash of all of its bytes."""
    asked: list[int] = []

    async def cut_once(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.method == "GET":
            asked.append(request.offset)
        if request.method == "GET" and len(asked) == 1:
            await send_head(writer, 200, Content_Length=len(NEXT), ETag='"one"')
            writer.write(NEXT[: len(NEXT) * 9 // 10])
            await writer.drain()
        else:
            await send_file(request, writer, NEXT)

    async with HostileHttpServer(cut_once) as server:
        importing = await set_up_import(client, {"kind": "remote", "url": server.url()})
        run = await importing.run()
    assert asked == [0, len(NEXT) * 9 // 10]
    assert run["file"]["bytes"] == len(NEXT)
    assert set(await importing.contacts()) == {"1", "3"}


async def test_an_ftp_server_that_answers_garbage(client: httpx.AsyncClient) -> None:
    async with HostileFtpServer(GOOD) as good, HostileFtpServer(greeting=b"\xff\xfehello\r\n" * 1000) as bad:
        login = {"login": "people", "password": "sesame"}
        importing = await set_up_import(client, {"kind": "remote", "url": good.url()} | login)

        async def turn_bad() -> None:
            await importing.change(source={"url": bad.url()} | login)

        await fails(importing, turn_bad, "server_garbled")


async def test_a_changed_host_key(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with OpenSshServer(tmp_path / "sshd") as server:
        (server.folder / "people.csv").write_bytes(GOOD)
        pinned = server.host_key_fingerprint
        importing = await set_up_import(client, sftp_source(server, "people.csv"))

        async def change_key() -> None:
            kept = (await client.get(f"/imports/{importing.import_id}")).json()["source"]["host_key"]
            assert kept == pinned  # by the run's end, not some time after it
            server.renew_host_key()
            await server.restart()

        run = await fails(importing, change_key, "host_key_changed")
        assert pinned in run["error"]["message"]
        assert server.host_key_fingerprint in run["error"]["message"]

        await importing.change(source={"host_key": server.host_key_fingerprint})
        (server.folder / "people.csv").write_bytes(GOOD + b"5,Five,\n")
        accepted = await importing.run()
        assert accepted["status"] == "succeeded", accepted


@pytest.mark.parametrize(
    ("names", "not_after", "reason"),
    [((LOOPBACK,), datetime(2024, 1, 1, tzinfo=UTC), "expired"), (("other.example",), None, "mismatch")],
)
async def test_a_certificate_that_does_not_hold(
    client: httpx.AsyncClient, tmp_path: Path, names: tuple[str, ...], not_after: datetime | None, reason: str
) -> None:
    async with HttpServer(tmp_path / "nginx") as server:
        (server.folder / "people.csv").write_bytes(GOOD)
        source = {"kind": "remote", "url": server.https_url("people.csv"), "ca_certificate": server.ca_pem}
        importing = await set_up_import(client, source)

        async def change_certificate() -> None:
            server.renew_certificate(*names, not_after=not_after)
            await server.restart()

        run = await fails(importing, change_certificate, "certificate_refused")
        assert reason in run["error"]["message"]


async def test_memory_does_not_follow_the_files_size(
    client: httpx.AsyncClient, strict_stack: Stack, tmp_path: Path, *, is_long: bool
) -> None:
    """A file close to the limit from each kind of server; a quote that is never closed ends the run when all is in."""
    line = b"17,Somebody With A Name,somebody@example.com\n"
    size = MOST_BYTES - (1 << 20) if is_long else 100 << 20
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(HttpServer(tmp_path / "nginx"))
        ssh = await stack.enter_async_context(OpenSshServer(tmp_path / "sshd"))
        ftp: FtpServer = await stack.enter_async_context(VsftpdServer(tmp_path / "vsftpd"))
        for folder in (web.folder, ssh.folder, ftp.folder):
            with (folder / "people.csv").open("wb") as file:
                file.write(b"No,Name,E-mail\n")
                for _ in range(size // len(line) // 10_000):
                    file.write(line * 10_000)
                file.write(b'18,"Never closed')
        login = {"login": ftp.login, "password": ftp.password, "ca_certificate": ftp.ca_pem}
        sources: list[Json] = [
            {"kind": "remote", "url": web.http_url("people.csv")},
            {"kind": "remote", "url": ftp.url("people.csv")} | login,
            sftp_source(ssh, "people.csv"),
        ]
        for source in sources:
            importing = await set_up_import(client, source)
            with PeakMemory.of_service(strict_stack, "fetcher") as memory:
                run = await importing.run()
            assert run["error"]["code"] == "quote_unclosed", run
            assert memory.grown < MOST_MEMORY, source["url"]
