"""The SFTP servers of tests/support, each proved with a real client."""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import psutil
import pytest

from tests.support.ports import LOOPBACK, accepts_connections
from tests.support.sftp_server import OpenSshServer, PasswordSftpServer, SftpServer
from tests.support.system_packages import SSHD
from tests.support.waiting import until

FILE = b"Employee no,E-mail\r\n1,zo\xc3\xab@example.org\r\n"
DEADLINE = 20

needs_sshd = pytest.mark.skipif(SSHD.reason_missing() is not None, reason=str(SSHD.reason_missing()))


@contextlib.asynccontextmanager
async def sftp_client(server: SftpServer, *, password: str | None = None) -> AsyncIterator[asyncssh.SFTPClient]:
    keys = [asyncssh.import_private_key(server.private_key)] if server.private_key else None
    async with (
        asyncio.timeout(DEADLINE),
        asyncssh.connect(
            LOOPBACK,
            server.port,
            config=None,
            agent_path=None,
            known_hosts=None,
            username=server.login,
            password=password or server.password,
            client_keys=keys,
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        key = connection.get_server_host_key()
        assert key is not None
        assert key.get_fingerprint() == server.host_key_fingerprint
        yield client


async def read(client: asyncssh.SFTPClient, path: str) -> bytes:
    async with client.open(path, "rb") as file:
        content: str | bytes = await file.read()
    assert isinstance(content, bytes)
    return content


def openssh_fingerprint(server: SftpServer) -> str:
    told = subprocess.run(
        ["ssh-keygen", "-lf", server.host_key_file], capture_output=True, text=True, check=True, timeout=10
    )
    return told.stdout.split()[1]


@needs_sshd
async def test_openssh_serves_a_file_to_the_key_and_nobody_else(tmp_path: Path) -> None:
    async with OpenSshServer(tmp_path / "a folder, 100%h") as server:
        (server.folder / "people list.csv").write_bytes(FILE)
        async with sftp_client(server) as client:
            assert await read(client, server.path("people list.csv")) == FILE
        assert server.host_key_fingerprint == openssh_fingerprint(server)
        assert server.url("people list.csv").startswith(f"sftp://{LOOPBACK}:{server.port}/")
        assert server.url("people list.csv").endswith("/a%20folder%2C%20100%25h/files/people%20list.csv")

        server.private_key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        with pytest.raises(asyncssh.PermissionDenied):
            async with sftp_client(server):
                pass
    assert not accepts_connections(server.port)


@needs_sshd
async def test_openssh_ends_open_sessions_when_stopped(tmp_path: Path) -> None:
    async with OpenSshServer(tmp_path) as server, asyncio.timeout(DEADLINE):
        async with sftp_client(server) as client:
            sessions = psutil.Process(server.pid).children(recursive=True)
            assert sessions
            await server.stop()
            with pytest.raises((asyncssh.SFTPError, asyncssh.ConnectionLost, OSError)):
                await client.stat(server.path("."))
        await until(
            lambda: not any(s.is_running() and s.status() != psutil.STATUS_ZOMBIE for s in sessions),
            within=DEADLINE,
            what="every session has ended",
        )


async def test_password_sftp_locks_the_login_into_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(b"outside")
    async with PasswordSftpServer(tmp_path) as server:
        (server.folder / "people.csv").write_bytes(FILE)
        async with sftp_client(server) as client:
            assert await read(client, server.path("people.csv")) == FILE
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await client.stat("/../secret.csv")
        with pytest.raises(asyncssh.PermissionDenied):
            async with sftp_client(server, password="wrong"):
                pass
        assert server.url("people.csv") == f"sftp://{LOOPBACK}:{server.port}/people.csv"
        assert json.loads(server.printed.splitlines()[0]) == {
            "port": server.port,
            "host_key": openssh_fingerprint(server),
        }
    assert not accepts_connections(server.port)


async def test_sftp_host_key_stays_over_a_restart_until_it_is_renewed(tmp_path: Path) -> None:
    async with PasswordSftpServer(tmp_path) as server:
        first = server.host_key_fingerprint
        await server.restart()
        async with sftp_client(server):
            assert server.host_key_fingerprint == first
        server.renew_host_key()
        await server.restart()
        async with sftp_client(server):
            assert server.host_key_fingerprint != first
