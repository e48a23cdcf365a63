"""The whole system as a user starts it: `contacts-sync up` as a process, on the embedded broker or a given Kafka."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from shared.store.first_account import let_password_stay
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess

SERVICES = ("scheduler", "fetcher", "parser", "syncer", "notifier", "web")


class Stack(ProcessServer):
    """One `up` with its state in `data`; entered, it runs and answers.

    `bootstrap_servers` names an Apache Kafka to be used in place of the embedded broker; `module` what is run in place
    of the command's own.
    """

    lasting_password = True
    """Whether the first account's password, which is good for once, may be used again and again."""
    start_seconds = 120
    stop_seconds = 30

    def __init__(
        self,
        data: Path,
        *,
        bootstrap_servers: str | None = None,
        scale: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        module: str = "services.cli.main",
    ) -> None:
        super().__init__()
        self.data = data
        self.embedded_broker = bootstrap_servers is None
        self._module = module
        self._scale = dict(scale or {})
        self._settings = {
            "CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            "CONTACTS_SYNC_WEBHOOKS__ALLOWED_NETWORKS": '["127.0.0.0/8", "::1/128"]',
            # Tests write their files just before they are fetched; with the usual second each run would wait for it.
            "CONTACTS_SYNC_FETCHER__SETTLE_SECONDS": "0.05",
            **(settings or {}),
        }
        if bootstrap_servers:
            self._settings["CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS"] = bootstrap_servers
        self.ready: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The root of page and API."""
        return str(self.ready["url"])

    @property
    def api_token(self) -> str:
        """A token that may do everything."""
        return str(self.ready["api_token"])

    @property
    def database(self) -> str:
        """The DSN."""
        return str(self.ready["database"])

    @property
    def kafka(self) -> str:
        """The broker's `host:port`."""
        return str(self.ready["kafka"])

    @property
    def mail_folder(self) -> Path:
        """Where the mail sink leaves `.eml` files."""
        return Path(str(self.ready["mail_folder"]))

    def client(self) -> httpx.AsyncClient:
        """Return an API client with the token."""
        headers = {"authorization": f"Bearer {self.api_token}"}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection to the database; close it."""
        return await asyncpg.connect(self.database)

    def processes(self, service: str) -> list[psutil.Process]:
        """Return the running processes of a service, `tansu` for the broker, or `postgres` for the database."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if _is(process.cmdline(), service):
                        found.append(process)
        return found

    def kill_service(self, service: str) -> list[int]:
        """Kill (SIGKILL) every process of a service; returns their pids."""
        killed = []
        for process in self.processes(service):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                killed.append(process.pid)
        return killed

    async def _prepared(self) -> ServerProcess:
        self.data.mkdir(parents=True, exist_ok=True)
        arguments: list[str] = ["up", "--data", str(self.data), "--port", "0"]
        for service, count in self._scale.items():
            arguments += ["--scale", f"{service}={count}"]
        return ServerProcess.of_module(
            "contacts-sync up",
            self._module,
            arguments,
            log=self.data.parent / f"{self.data.name}.up.log",
            environment=self._settings,
        )

    async def _answers(self) -> bool:
        line = self._process.ready_line() if self._process else None
        if line is not None and self.lasting_password and line["password_is_one_time"]:
            await let_password_stay(str(line["database"]))
        self.ready = line or {}
        return line is not None


def _is(command: Sequence[str], service: str) -> bool:
    if service in {"tansu", "postgres"}:
        return bool(command) and Path(command[0]).name == service
    return list(command[-2:]) == ["run", service]
