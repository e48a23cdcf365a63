"""FTP servers that answer garbage, point elsewhere, break off or lie."""

import random

import pytest

from services.fetcher.adapters.ftp_transport import FtpTransport
from services.fetcher.ports import Credentials
from services.fetcher.remote_fetch import RemoteFetch
from shared.clock import SystemClock
from shared.errors import ContactsSyncError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS
from tests.support.hostile_ftp import HostileFtpServer

CONTENT = random.Random(9).randbytes(3_000_000)
QUICK = SETTINGS.model_copy(update={"attempts": 2, "idle_seconds": 0.4, "connect_seconds": 1.0})


async def fetched(server: HostileFtpServer) -> bytes:
    """Return the file, waiting for hardly anything between attempts."""
    transport, credentials = FtpTransport(QUICK), Credentials(login="people", password="sesame")
    link = parse_link(server.url())
    fetch = RemoteFetch(transport, link, credentials, QUICK, SystemClock(), chance=lambda: -1.0)
    try:
        assert await fetch.begin()
        return b"".join([block async for block in fetch.blocks()])
    finally:
        await fetch.close()


async def test_the_address_in_a_pasv_answer_is_not_trusted() -> None:
    async with HostileFtpServer(CONTENT, passive_address="10.1.2.3") as server:
        assert await fetched(server) == CONTENT


async def test_a_cut_at_90_percent_costs_10() -> None:
    async with HostileFtpServer(CONTENT, cuts=(2_700_000,)) as server:
        assert await fetched(server) == CONTENT
    assert [command for command in server.commands if command.startswith("REST")] == ["REST 2700000"]


async def test_a_transfer_that_ends_early_and_is_called_whole_is_never_taken() -> None:
    class LyingServer(HostileFtpServer):
        @property
        def content(self) -> bytes:
            return CONTENT[:1_000_000]

    async with LyingServer(CONTENT) as server:
        with pytest.raises(ContactsSyncError) as failed:
            await fetched(server)
    assert failed.value.code == "connection_lost"


@pytest.mark.parametrize(
    ("server", "code"),
    [
        (HostileFtpServer(greeting=b"\xff\xfe\x00 hello, is it me\r\n" * 3), "server_garbled"),
        (HostileFtpServer(greeting=b"x" * 200_000), "server_garbled"),
        (HostileFtpServer(greeting=b"220-more\r\n" * 100_000), "server_garbled"),
        (HostileFtpServer(greeting=b""), "connect_timeout"),
        (HostileFtpServer(greeting=b"421 too many of you\r\n"), "server_error"),
        (HostileFtpServer(answers={"PASS": b"530 no"}), "login_refused"),
        (HostileFtpServer(answers={"PASV": b"227 somewhere"}), "server_garbled"),
        (HostileFtpServer(answers={"PASV": b"227 (127,0,0,1,999,999)"}), "server_garbled"),
        (HostileFtpServer(answers={"PASV": b"227 (127,0,0,1,0,1)"}), "connection_refused"),
        (HostileFtpServer(answers={"RETR": b"550 never heard of it"}), "file_not_found"),
        (HostileFtpServer(answers={"RETR": b"451 disk on fire"}), "server_error"),
        (HostileFtpServer(answers={"RETR": b"\x00\x01\x02"}), "server_garbled"),
        (HostileFtpServer(answers={"SIZE": b"213 %d" % (11 << 30)}), "file_too_large"),
    ],
)
async def test_each_fault_has_its_code(server: HostileFtpServer, code: str) -> None:
    async with server:
        with pytest.raises(ContactsSyncError) as failed:
            await fetched(server)
    assert failed.value.code == code


@pytest.mark.parametrize("size", [b"213 many", b"213 -5", b"213 99999999999999999999999", b"500 what?"])
async def test_a_size_that_is_none_is_passed_over(size: bytes) -> None:
    async with HostileFtpServer(CONTENT, answers={"SIZE": size, "MDTM": size}) as server:
        assert await fetched(server) == CONTENT
