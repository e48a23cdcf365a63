"""nginx as a file server over HTTP and HTTPS, with validators, ranges and the logins found outside."""

from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import trustme

from tests.support.ports import LOOPBACK, accepts_connections, free_ports
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess
from tests.support.system_packages import NGINX


class HttpServer(ProcessServer):
    """A real nginx; files lie in `folder`.

    What is in `private` needs `login` and `password`, in `bearer` the token `bearer_token`, in `keyed` the header
    `x-api-key` with `api_key`. The certificate holds for the loopback interface, under the authority `ca_pem` (PEM
    text), until it is renewed; TLS is of `tls_version` alone, where that is given.
    """

    bearer_token = "bear-this"
    api_key = "turn-this"

    def __init__(
        self,
        work: Path,
        *,
        login: str = "people",
        password: str = "open sésame",
        host: str = LOOPBACK,
        tls_version: Literal["1.2", "1.3"] | None = None,
    ) -> None:
        super().__init__()
        self.work = work
        self.folder = work / "files"
        for name in ("private", "bearer", "keyed"):
            (self.folder / name).mkdir(parents=True)
        self.login = login
        self.password = password
        self.host = host
        self._tls_versions = f"TLSv{tls_version}" if tls_version else "TLSv1.2 TLSv1.3"
        self.http_port, self.https_port = free_ports(2)
        self._authority = trustme.CA()
        self.ca_pem = self._authority.cert_pem.bytes().decode()
        self.renew_certificate(LOOPBACK, "::1", "localhost")
        (work / "users").write_text(f"{login}:{{PLAIN}}{password}\n", encoding="utf-8")

    def renew_certificate(self, *names: str, not_after: datetime | None = None) -> None:
        """Make another certificate, which the next start uses."""
        certificate = self._authority.issue_cert(*names, not_after=not_after)
        certificate.private_key_and_cert_chain_pem.write_to_path(self.work / "tls.pem")

    def http_url(self, path: str) -> str:
        """Return the `http` URL of a file in `folder`."""
        return f"http://{self._at(self.http_port)}/{quote(path.lstrip('/'))}"

    def https_url(self, path: str) -> str:
        """Return the `https` URL of a file in `folder`."""
        return f"https://{self._at(self.https_port)}/{quote(path.lstrip('/'))}"

    def _at(self, port: int) -> str:
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    def requests(self) -> list[str]:
        """Return one line for each request since the newest start: method, path, status, bytes sent."""
        return [line.removeprefix("request ") for line in self.printed.splitlines() if line.startswith("request ")]

    def tls_versions(self) -> list[str]:
        """Return for each request since the newest start the TLS that it came by, as OpenSSL names it."""
        return [line.removeprefix("secured ") for line in self.printed.splitlines() if line.startswith("secured ")]

    async def _prepared(self) -> ServerProcess:
        settings = self.work / "nginx.conf"
        settings.write_text(self._settings(), encoding="utf-8")
        # -e: without it, nginx first opens the error log of the system's own nginx.
        command: list[str | Path] = [NGINX.required(), "-p", self.work, "-c", settings, "-e", "stderr"]
        return ServerProcess("nginx", command, log=self.work / "nginx.log", folder=self.work)

    async def _answers(self) -> bool:
        return all(accepts_connections(port, self.host) for port in (self.http_port, self.https_port))

    def _settings(self) -> str:
        """Return nginx's settings: one process, and paths relative to its folder, which then need no quoting.

        With `master_process off` nginx also stays the user it was started as; its workers would else give
        up root, and could not read a temporary folder of root's.
        """
        temporary = "\n".join(
            f"    {kind}_temp_path temporary_{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
{temporary}
    log_format short 'request $request_method $request_uri $status $body_bytes_sent';
    log_format tls 'secured $ssl_protocol';
    access_log /dev/stdout short;
    access_log /dev/stdout tls;
    default_type application/octet-stream;
    types {{ text/csv csv; application/gzip gz; application/zip zip; text/plain txt; }}
    server {{
        listen {self._at(self.http_port)};
        listen {self._at(self.https_port)} ssl;
        ssl_protocols {self._tls_versions};
        ssl_certificate tls.pem;
        ssl_certificate_key tls.pem;
        root files;
        location /private/ {{
            auth_basic "private";
            auth_basic_user_file users;
        }}
        location /bearer/ {{ if ($http_authorization != "Bearer {self.bearer_token}") {{ return 401; }} }}
        location /keyed/ {{ if ($http_x_api_key != "{self.api_key}") {{ return 403; }} }}
    }}
}}
"""
