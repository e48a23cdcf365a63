"""FTP servers as people run them: vsftpd and ProFTPD, in clear, with explicit and with implicit TLS."""

import shutil
import subprocess
import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import trustme

from tests.support.ports import LOOPBACK, accepts_connections, free_port
from tests.support.process_server import ProcessServer
from tests.support.proftpd_package import proftpd
from tests.support.server_process import ServerProcess
from tests.support.system_packages import VSFTPD

FtpScheme = Literal["ftp", "ftps", "ftpsi"]
TlsVersion = Literal["1.2", "1.3"]


class FtpServer(ProcessServer):
    """A server for the files in `folder`, which is its `/`; `login` gets in with `password`.

    Its certificate holds for `certificate_names`, under the authority `ca_pem` (PEM text); it speaks TLS of
    `tls_version` alone. Data connections have to go on with the control connection's TLS session, as is the default
    of both programs.
    """

    login: str
    password = "sesame-open"

    def __init__(
        self,
        work: Path,
        *,
        scheme: FtpScheme = "ftps",
        tls_version: TlsVersion = "1.3",
        host: str = LOOPBACK,
        certificate_names: tuple[str, ...] = (LOOPBACK, "::1", "localhost"),
    ) -> None:
        super().__init__()
        self.work = work
        work.mkdir(parents=True, exist_ok=True)
        # vsftpd serves as `daemon`, who gets into no folder below one of root's own.
        self.folder = Path(tempfile.mkdtemp(prefix="contacts-sync-ftp-"))
        self.folder.chmod(0o755)
        self.scheme = scheme
        self.tls_version = tls_version
        self.host = host
        self.port = free_port()
        authority = trustme.CA()
        self.ca_pem = authority.cert_pem.bytes().decode()
        self._certificate = work / "tls.pem"
        authority.issue_cert(*certificate_names).private_key_and_cert_chain_pem.write_to_path(self._certificate)

    def url(self, path: str) -> str:
        """Return the URL of a file in `folder`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{quote(path.lstrip('/'))}"

    async def __aexit__(self, *about: object) -> None:
        await super().__aexit__(*about)  # type: ignore[arg-type]
        shutil.rmtree(self.folder)

    async def _prepared(self) -> ServerProcess:
        settings = self.work / "server.conf"
        settings.write_text(self._settings(), encoding="utf-8")
        settings.chmod(0o600)
        openssl = self.work / "openssl.cnf"
        openssl.write_text(_OPENSSL.format(version=self.tls_version), encoding="utf-8")
        return ServerProcess(
            type(self).__name__,
            self._command(settings),
            log=self.work / "server.log",
            folder=self.work,
            environment={"OPENSSL_CONF": str(openssl)} | self._environment(),
        )

    async def _answers(self) -> bool:
        return accepts_connections(self.port, self.host)

    def _environment(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def _command(self, settings: Path) -> list[str | Path]:
        """Return how the program is started."""

    @abstractmethod
    def _settings(self) -> str:
        """Return the program's settings."""


_OPENSSL = """
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv{version}
MaxProtocol = TLSv{version}
"""


class VsftpdServer(FtpServer):
    """A real vsftpd with `require_ssl_reuse=YES`.

    Its login is `anonymous` with one accepted password: any other needs a user of the machine's own. Run as root only.
    """

    login = "anonymous"

    def _command(self, settings: Path) -> list[str | Path]:
        return [VSFTPD.required(), settings]

    def _settings(self) -> str:
        passwords = self.work / "passwords"
        passwords.write_text(f"{self.password}\n", encoding="utf-8")
        secure = "YES" if self.scheme != "ftp" else "NO"
        listen = "listen_ipv6" if ":" in self.host else "listen"
        address = "listen_address6" if ":" in self.host else "listen_address"
        return f"""background=NO
{listen}=YES
{"" if listen == "listen" else "listen=NO"}
{address}={self.host}
listen_port={self.port}
anonymous_enable=YES
local_enable=NO
ftp_username=daemon
anon_root={self.folder}
anon_world_readable_only=NO
secure_email_list_enable=YES
email_password_file={passwords}
secure_chroot_dir={self.work}
seccomp_sandbox=NO
xferlog_enable=NO
ssl_enable={secure}
allow_anon_ssl={secure}
force_anon_data_ssl={secure}
force_anon_logins_ssl={secure}
require_ssl_reuse={secure}
implicit_ssl={"YES" if self.scheme == "ftpsi" else "NO"}
ssl_ciphers=HIGH
rsa_cert_file={self._certificate}
max_per_ip=0
"""


class ProftpdServer(FtpServer):
    """A real ProFTPD with mod_tls and its default demand for the session."""

    login = "people"

    def _command(self, settings: Path) -> list[str | Path]:
        return [proftpd().program, "--nodaemon", "--quiet", "--config", settings]

    def _environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": str(proftpd().libraries)}

    def _settings(self) -> str:
        users = self.work / "users"
        users.write_text(f"{self.login}:{_crypted(self.password)}:0:0::{self.folder}:/bin/sh\n", encoding="utf-8")
        users.chmod(0o600)
        secure = "" if self.scheme == "ftp" else self._tls_settings()
        return f"""ModulePath {proftpd().modules}
LoadModule mod_tls.c
ServerName "files"
ServerType standalone
DefaultAddress {self.host}
SocketBindTight on
Port {self.port}
UseIPv6 on
User root
Group root
RootLogin on
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile {users}
DefaultRoot {self.folder}
WtmpLog off
TransferLog none
PidFile {self.work}/pid
ScoreboardFile {self.work}/scoreboard
DelayEngine off
AllowRetrieveRestart on
{secure}
"""

    def _tls_settings(self) -> str:
        implicit = "TLSOptions UseImplicitSSL" if self.scheme == "ftpsi" else ""
        return f"""TLSEngine on
TLSRequired on
TLSProtocol TLSv{self.tls_version}
TLSLog {self.work}/tls.log
TLSRSACertificateFile {self._certificate}
TLSRSACertificateKeyFile {self._certificate}
{implicit}"""


def _crypted(password: str) -> str:
    """Return a password as `AuthUserFile` has it."""
    command = ["openssl", "passwd", "-6", "-stdin"]
    return subprocess.run(
        command, input=password, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
