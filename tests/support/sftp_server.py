"""SFTP servers: OpenSSH's own `sshd` with a public key, and the demo's server with a password."""

import os
import pwd
import subprocess
from abc import abstractmethod
from pathlib import Path
from urllib.parse import quote

import asyncssh

from tests.support.ports import LOOPBACK, accepts_connections, free_port
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess
from tests.support.system_packages import SSHD

# Where Debian's sshd, run as root, wants an empty folder; it is fixed when sshd is built. It is left there,
# since another sshd may be using it.
_PRIVILEGE_SEPARATION = Path("/run/sshd")


class SftpServer(ProcessServer):
    """An SFTP server for the files in `folder`, an empty folder made inside `work`.

    `login` gets in with `password`, or with `private_key` (OpenSSH PEM text), whichever is not None.
    """

    def __init__(
        self, work: Path, *, login: str, password: str | None, private_key: str | None, host: str = LOOPBACK
    ) -> None:
        super().__init__()
        self.work = work
        self.host = host
        self.folder = work / "files"
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.login = login
        self.password = password
        self.private_key = private_key
        self.host_key_file = work / "host_key"
        self.renew_host_key()

    @property
    def host_key_fingerprint(self) -> str:
        """`SHA256:…`, as OpenSSH prints it."""
        return asyncssh.read_private_key(self.host_key_file).get_fingerprint()

    def renew_host_key(self) -> None:
        """Make another host key, which the next `start` uses."""
        self.host_key_file.unlink(missing_ok=True)
        self.host_key_file.touch(mode=0o600)  # sshd refuses a host key that others can read
        self.host_key_file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())

    @abstractmethod
    def path(self, path: str) -> str:
        """Return the absolute path, as a client has to say it, of a file in `folder`."""

    def url(self, path: str) -> str:
        """Return the `sftp` URL of a file in `folder`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sftp://{host}:{self.port}{quote(self.path(path))}"


class OpenSshServer(SftpServer):
    """A real `sshd`, for the user who runs the tests, let in by a key.

    OpenSSH only locks a user into folders that root alone can write, so paths here are those of this
    machine: take them from `path` or `url`.
    """

    def __init__(self, work: Path, *, host: str = LOOPBACK) -> None:
        client = asyncssh.generate_private_key("ssh-ed25519")
        login = pwd.getpwuid(os.geteuid()).pw_name
        super().__init__(work, login=login, password=None, private_key=client.export_private_key().decode(), host=host)
        self._authorized = work / "authorized_keys"
        self._authorized.write_bytes(client.export_public_key())
        self._more_host_keys: list[Path] = []

    def add_host_key(self, key: asyncssh.SSHKey) -> None:
        """Let the server have one more key of its own, from its first start on."""
        file = self.work / f"host_key_{len(self._more_host_keys)}"
        file.touch(mode=0o600)
        file.write_bytes(key.export_private_key())
        self._more_host_keys.append(file)

    def path(self, path: str) -> str:
        """Return the file's path on this machine."""
        return str(self.folder / path.lstrip("/"))

    async def _prepared(self) -> ServerProcess:
        settings = self.work / "sshd_config"
        settings.write_text(self._settings(), encoding="utf-8")
        # Its path has to be absolute: it starts itself again for each connection.
        command: list[str | Path] = [
            SSHD.required().absolute(),
            "-D",
            "-e",
            "-f",
            settings,
            *self._newer_options(settings),
        ]
        return ServerProcess("sshd", command, log=self.work / "sshd.log", folder=self.work)

    async def _answers(self) -> bool:
        return accepts_connections(self.port, self.host)

    def _settings(self) -> str:
        keys = str(self._authorized).replace("%", "%%")  # the only one of these paths where sshd expands %
        more = "\n".join(f'HostKey "{file}"' for file in self._more_host_keys)
        return f"""
ListenAddress {f"[{self.host}]" if ":" in self.host else self.host}:{self.port}
HostKey "{self.host_key_file}"
{more}
AuthorizedKeysFile "{keys}"
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 200
Subsystem sftp internal-sftp
ForceCommand internal-sftp
DisableForwarding yes
"""

    def _newer_options(self, settings: Path) -> list[str]:
        """Keep OpenSSH 9.8 and later from shutting out an address for failed logins: all tests share it."""
        if os.geteuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        options = ["-o", "PerSourcePenalties=no"]
        check = [str(SSHD.required()), "-t", "-f", str(settings), *options]
        known = subprocess.run(check, capture_output=True, timeout=10, check=False).returncode == 0
        return options if known else []


class PasswordSftpServer(SftpServer):
    """The demo's SFTP server, in a process of its own, with a login and a password, locked into `folder`."""

    def __init__(self, work: Path, *, login: str = "people", password: str = "sésame: open") -> None:
        super().__init__(work, login=login, password=password, private_key=None)

    def path(self, path: str) -> str:
        """Return the file's path below `folder`, which is the server's `/`."""
        return f"/{path.lstrip('/')}"

    async def _prepared(self) -> ServerProcess:
        arguments = [
            f"--folder={self.folder}",
            f"--port={self.port}",
            f"--login={self.login}",
            f"--password={self.password}",
            f"--host-key-file={self.host_key_file}",
        ]
        module = "services.cli.demo.sftp_server"
        return ServerProcess.of_module("the SFTP server", module, arguments, log=self.work / "sftp.log")

    async def _answers(self) -> bool:
        return self._process is not None and self._process.ready_line() is not None
