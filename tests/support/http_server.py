"""nginx as a file server over HTTP and HTTPS, with validators, ranges and basic auth as found outside."""

from pathlib import Path
from urllib.parse import quote

import trustme

from tests.support.ports import LOOPBACK, accepts_connections, free_ports
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess
from tests.support.system_packages import NGINX


class HttpServer(ProcessServer):
    """A real nginx; what lies in `folder`/private needs `login` and `password`.

    The HTTPS certificate holds for 127.0.0.1 and localhost, under the authority `ca_pem` (PEM text).
    """

    def __init__(self, work: Path, *, login: str = "people", password: str = "open sésame") -> None:
        super().__init__()
        self.work = work
        self.folder = work / "files"
        (self.folder / "private").mkdir(parents=True)
        self.login = login
        self.password = password
        self.http_port, self.https_port = free_ports(2)
        authority = trustme.CA()
        self.ca_pem = authority.cert_pem.bytes().decode()
        authority.issue_cert(LOOPBACK, "localhost").private_key_and_cert_chain_pem.write_to_path(work / "tls.pem")
        (work / "users").write_text(f"{login}:{{PLAIN}}{password}\n", encoding="utf-8")

    def http_url(self, path: str) -> str:
        """Return the `http` URL of a file in `folder`."""
        return f"http://{LOOPBACK}:{self.http_port}/{quote(path.lstrip('/'))}"

    def https_url(self, path: str) -> str:
        """Return the `https` URL of a file in `folder`."""
        return f"https://{LOOPBACK}:{self.https_port}/{quote(path.lstrip('/'))}"

    def requests(self) -> list[str]:
        """Return one line for each request since the newest start: method, path, status, bytes sent."""
        return [line.removeprefix("request ") for line in self.printed.splitlines() if line.startswith("request ")]

    async def _prepared(self) -> ServerProcess:
        settings = self.work / "nginx.conf"
        settings.write_text(self._settings(), encoding="utf-8")
        # -e: without it, nginx first opens the error log of the system's own nginx.
        command: list[str | Path] = [NGINX.required(), "-p", self.work, "-c", settings, "-e", "stderr"]
        return ServerProcess("nginx", command, log=self.work / "nginx.log", folder=self.work)

    async def _answers(self) -> bool:
        return accepts_connections(self.http_port) and accepts_connections(self.https_port)

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
    access_log /dev/stdout short;
    default_type application/octet-stream;
    types {{ text/csv csv; application/gzip gz; application/zip zip; text/plain txt; }}
    server {{
        listen {LOOPBACK}:{self.http_port};
        listen {LOOPBACK}:{self.https_port} ssl;
        ssl_certificate tls.pem;
        ssl_certificate_key tls.pem;
        root files;
        location /private/ {{
            auth_basic "private";
            auth_basic_user_file users;
        }}
    }}
}}
"""
