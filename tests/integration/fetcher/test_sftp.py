"""SFTP against OpenSSH: every kind of key, pinned host keys, resuming, and nothing of this machine's own ssh."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from services.fetcher.adapters.sftp_transport import SftpTransport
from services.fetcher.ports import Credentials, OpenFile, RemoteServer
from services.fetcher.remote_fetch import no_steps
from shared.errors import ContactsSyncError
from shared.rules.link import parse_link
from tests.integration.fetcher.reading import SETTINGS, read_all
from tests.support.ports import LOOPBACK
from tests.support.server_matrix import ServerMatrix
from tests.support.sftp_server import OpenSshServer, PasswordSftpServer, SftpServer

CONTENT = random.Random(6).randbytes(5_000_001)
pytestmark = pytest.mark.usefixtures("needs_sshd")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OpenSshServer]:
    async with OpenSshServer(tmp_path / "sshd") as running:
        (running.folder / "people.csv").write_bytes(CONTENT)
        yield running


@asynccontextmanager
async def connected(server: SftpServer, **others: Any) -> AsyncIterator[RemoteServer]:
    given: dict[str, Any] = {
        "login": server.login,
        "password": server.password,
        "private_key": server.private_key,
    } | others
    link = parse_link(server.url("people.csv"))
    async with SftpTransport(SETTINGS).connect(link, Credentials(**given), no_steps) as remote:
        yield remote


async def refusal(server: SftpServer, **others: Any) -> ContactsSyncError:
    with pytest.raises(ContactsSyncError) as refused:
        async with connected(server, **others) as remote:
            await remote.state(parse_link(server.url("people.csv")))
    return refused.value


async def test_a_file_is_fetched_looked_at_listed_and_resumed(server: OpenSshServer) -> None:
    link = parse_link(server.url("people.csv"))
    (server.folder / "folder").mkdir()
    async with connected(server) as remote:
        assert remote.host_key == server.host_key_fingerprint
        async with remote.open(link) as opened:
            assert isinstance(opened, OpenFile)
            state = opened.state
            assert hashlib.sha256(await read_all(opened)).digest() == hashlib.sha256(CONTENT).digest()
        assert state.size == len(CONTENT)
        assert [(file.name, file.state) for file in await remote.list_files(link, lambda _: True)] == [
            ("people.csv", state)
        ]
        async with remote.open(link, offset=4_000_000, expected=state) as opened:
            assert isinstance(opened, OpenFile)
            assert await read_all(opened) == CONTENT[4_000_000:]
        (server.folder / "people.csv").write_bytes(CONTENT + b"more")
        with pytest.raises(ContactsSyncError) as changed:
            async with remote.open(link, offset=4_000_000, expected=state):
                pass
        assert changed.value.code == "file_changing"


@pytest.mark.parametrize("passphrase", [None, "open sésame"])
@pytest.mark.parametrize("form", ["openssh", "pkcs1-pem", "pkcs8-pem"])
@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_every_kind_of_private_key(
    server: OpenSshServer, server_matrix: ServerMatrix, kind: str, form: str, passphrase: str | None
) -> None:
    if (kind, form) == ("ssh-ed25519", "pkcs1-pem"):
        pytest.skip("there is no such form of this key")
    key = asyncssh.generate_private_key(kind)
    (server.work / "authorized_keys").write_bytes(key.export_public_key())
    text = key.export_private_key(form, passphrase).decode()
    async with connected(server, private_key=text, passphrase=passphrase) as remote:
        assert (await remote.state(parse_link(server.url("people.csv")))) is not None
    login = f"key {kind}, {form}" + (", passphrase" if passphrase else "")
    server_matrix.works(server="OpenSSH", protocol="sftp", tls=None, host=server.host, login=login)
    if passphrase:
        assert (await refusal(server, private_key=text, passphrase="wrong")).code == "passphrase_wrong"
        assert (await refusal(server, private_key=text)).code == "passphrase_missing"


async def test_a_server_on_ipv6(tmp_path: Path, server_matrix: ServerMatrix) -> None:
    async with OpenSshServer(tmp_path / "sshd", host="::1") as server:
        (server.folder / "people.csv").write_bytes(CONTENT)
        async with connected(server) as remote, remote.open(parse_link(server.url("people.csv"))) as opened:
            assert isinstance(opened, OpenFile)
            assert await read_all(opened) == CONTENT
    login = "key ssh-ed25519, openssh"
    server_matrix.works(server="OpenSSH", protocol="sftp", tls=None, host=server.host, login=login)


async def test_what_is_refused_has_its_code(server: OpenSshServer) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    assert (await refusal(server, private_key=stranger)).code == "login_refused"
    assert (await refusal(server, private_key="no key")).code == "private_key_invalid"
    (server.folder / "people.csv").unlink()
    assert (await refusal(server)).code == "file_not_found"
    (server.folder / "people.csv").mkdir()
    assert (await refusal(server)).code == "file_unreadable"


async def test_a_password_gets_in_where_it_is_right(tmp_path: Path, server_matrix: ServerMatrix) -> None:
    async with PasswordSftpServer(tmp_path / "demo") as server:
        (server.folder / "people.csv").write_bytes(CONTENT)
        async with connected(server) as remote, remote.open(parse_link(server.url("people.csv"))) as opened:
            assert isinstance(opened, OpenFile)
            assert await read_all(opened) == CONTENT
        assert (await refusal(server, password="wrong")).code == "login_refused"
    server_matrix.works(server="asyncssh", protocol="sftp", tls=None, host=server.host, login="password")


async def test_a_changed_host_key_is_told_with_both_fingerprints(server: OpenSshServer) -> None:
    pinned = server.host_key_fingerprint
    async with connected(server, host_key=pinned):
        pass
    server.renew_host_key()
    await server.restart()
    changed = await refusal(server, host_key=pinned)
    assert changed.code == "host_key_changed"
    assert pinned in changed.message
    assert server.host_key_fingerprint in changed.message


async def test_the_pinned_key_may_be_any_of_the_servers(tmp_path: Path) -> None:
    """A server with keys of several kinds shows the one that is asked for first; the pinned one counts."""
    server = OpenSshServer(tmp_path / "sshd")
    (server.folder / "people.csv").write_bytes(CONTENT)
    second = asyncssh.generate_private_key("ssh-rsa")
    server.add_host_key(second)
    async with server, connected(server, host_key=second.get_fingerprint()) as remote:
        assert remote.host_key == second.get_fingerprint()


async def test_nothing_of_this_machines_own_ssh_is_used(
    server: OpenSshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/config").write_text("Host *\n  Port 1\n  User nobody\n  HostName 192.0.2.1\n", encoding="utf-8")
    (home / ".ssh/known_hosts").write_text("garbage\n", encoding="utf-8")
    assert server.private_key is not None
    (home / ".ssh/id_ed25519").write_text(server.private_key, encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home / "agent"))
    async with connected(server):
        pass
    assert (await refusal(server, private_key=None, password="wrong")).code == "login_refused"


async def test_addresses_are_checked_before_anything_is_sent(server: OpenSshServer) -> None:
    closed = SETTINGS.model_copy(update={"allowed_networks": []})
    with pytest.raises(ContactsSyncError) as refused:
        async with SftpTransport(closed).connect(parse_link(server.url("people.csv")), Credentials(), no_steps):
            pass
    assert refused.value.code == "address_blocked"


@pytest.mark.parametrize(
    ("greeting", "code"), [(b"220 I am no SSH server\r\n" * 9000, "server_garbled"), (b"", "connect_timeout")]
)
async def test_a_server_of_another_kind(greeting: bytes, code: str) -> None:
    left = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        with contextlib.suppress(ConnectionError):
            await reader.read()
            writer.close()
            await writer.wait_closed()
        left.set()

    quick = SETTINGS.model_copy(update={"connect_seconds": 0.5})
    listening = await asyncio.start_server(greet, LOOPBACK, 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        link = parse_link(f"sftp://{LOOPBACK}:{port}/people.csv")
        with pytest.raises(ContactsSyncError) as refused:
            async with SftpTransport(quick).connect(link, Credentials(login="x", password="y"), no_steps):
                pass
        await asyncio.wait_for(left.wait(), 5)
    assert refused.value.code == code
