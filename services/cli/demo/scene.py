"""What the demo plays on: a whole contacts-sync of its own, and an SFTP, an HTTP and an FTPS server, each a process."""

import asyncio
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from services.cli.demo.ready_child import ReadyChild
from services.cli.embedded.environment import PREFIX
from services.cli.embedded.ports import LOOPBACK, claimable_port
from shared.errors import UserError
from shared.store.first_account import let_password_stay

_STACK_GRACE_SECONDS = 45.0
_SERVER_GRACE_SECONDS = 5.0
_LOGIN = "demo"


@dataclass(frozen=True)
class FileServer:
    """A file server that serves `folder` to whom has the login and password; `host_key` is an SFTP server's.

    `ca_certificate` is the authority, in PEM, that vouches for a server that speaks TLS.
    """

    root: str
    folder: Path
    login: str
    password: str = field(repr=False)
    host_key: str | None = None
    ca_certificate: str | None = None

    def source(self, path: str) -> dict[str, str]:
        """Return a file of it as the source of an import."""
        source = {"kind": "remote", "url": f"{self.root}/{path}", "login": self.login, "password": self.password}
        return source | ({"ca_certificate": self.ca_certificate} if self.ca_certificate else {})


@dataclass(frozen=True)
class Installation:
    """The contacts-sync that runs: its page and API, how to get in, and the mails it sent; `mail_url` is a page.

    `password` is None where somebody chose another one, in a folder that was kept.
    """

    url: str
    login: str
    password: str | None = field(repr=False)
    api_token: str = field(repr=False)
    mail_folder: Path
    mail_url: str
    stack: ReadyChild


@dataclass(frozen=True)
class Scene:
    """All that runs."""

    installation: Installation
    sftp: FileServer
    http: FileServer
    ftps: FileServer


def stack_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo's contacts-sync: none of the user's settings, so never their own database.

    The file servers are on this machine, which imports may otherwise not reach.
    """
    kept = {name: value for name, value in environment.items() if not name.upper().startswith(PREFIX)}
    return kept | {f"{PREFIX}FETCHER__ALLOWED_NETWORKS": '["127.0.0.0/8"]'}


def wanted_or_any_port(port: int) -> int:
    """Return the port, or 0 for any where another program has it."""
    try:
        return claimable_port(LOOPBACK, port) if port else 0
    except UserError as error:
        if error.code != "port_taken":
            raise
        return 0


@contextmanager
def open_scene(data: Path | None, port: int) -> Iterator[Scene]:
    """Start everything, and end it all; without `data`, state lies in a temporary folder that goes at the end."""
    with TemporaryDirectory(prefix="contacts-sync-demo-") as name, ExitStack() as running:
        folder = Path(name)
        environment = stack_environment(os.environ)

        def start(label: str, module: str, arguments: list[str], grace: float) -> ReadyChild:
            log = folder / f"{label}.log"
            child = ReadyChild.start(label, module, arguments, log=log, environment=environment, grace=grace)
            running.callback(child.stop)
            return child

        def start_server(scheme: str) -> tuple[ReadyChild, Path, str]:
            served = folder / scheme
            served.mkdir()
            password = secrets.token_hex(12)
            arguments = ["--folder", str(served), "--port", "0", "--login", _LOGIN, "--password", password]
            child = start(
                f"{scheme.upper()} server", f"services.cli.demo.{scheme}_server", arguments, _SERVER_GRACE_SECONDS
            )
            return child, served, password

        where = (data or folder / "data").absolute()
        up = ["up", "--data", str(where), "--port", str(wanted_or_any_port(port))]
        stack = start("contacts-sync", "services.cli.main", up, _STACK_GRACE_SECONDS)
        servers = {scheme: start_server(scheme) for scheme in ("sftp", "http", "ftps")}
        said = stack.ready()
        # Whoever looks at a demonstration comes in again and again with what it shows.
        if said["password_is_one_time"]:
            asyncio.run(let_password_stay(said["database"]))
        yield Scene(
            Installation(
                url=said["url"],
                login=said["login"],
                password=said["password"],
                api_token=said["api_token"],
                mail_folder=Path(said["mail_folder"]),
                mail_url=said["mail_url"],
                stack=stack,
            ),
            **{scheme: _served(scheme, *server) for scheme, server in servers.items()},
        )


def _served(scheme: str, child: ReadyChild, folder: Path, password: str) -> FileServer:
    said = child.ready()
    root = f"{scheme}://{LOOPBACK}:{said['port']}"
    return FileServer(root, folder, _LOGIN, password, said.get("host_key"), said.get("ca_certificate"))
