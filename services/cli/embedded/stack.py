"""The whole embedded stack, from the database up to services that answer, and down again."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from services.cli.embedded.broker import EmbeddedBroker
from services.cli.embedded.data_folder import DataFolder
from services.cli.embedded.environment import (
    BOOTSTRAP_SERVERS,
    POSTGRES_DSN,
    SMTP_URL,
    Surroundings,
    service_environment,
    user_setting,
)
from services.cli.embedded.hooks import StackHooks
from services.cli.embedded.ports import LOOPBACK, free_port
from services.cli.embedded.postgres import EmbeddedPostgres
from services.cli.embedded.program import Program
from services.cli.embedded.readiness import wait_until_ready
from services.cli.embedded.secret_files import StackSecrets
from services.cli.embedded.supervisor import Supervisor, limit_broker_memory

LOGIN = "admin"  # as the first account is called
_START_ORDER = ("notifier", "syncer", "parser", "fetcher", "scheduler", "web")


def service_program(service: str) -> list[str]:
    """Return the command line that runs a service."""
    return [sys.executable, "-m", "services.cli.main", "run", service]


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What `up` was asked for. `port` is one that can be listened on; `scale` holds replicas by service."""

    host: str
    port: int
    scale: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    program: Callable[[str], list[str]] = service_program
    ready_seconds: float = 60.0


def _in_url(host: str) -> str:
    """Return a host as it stands in a URL that this machine's own browser can open."""
    name = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 -- compared with, not listened on
    return f"[{name}]" if ":" in name else name


class Stack:
    """Starts the processes of one stack under a supervisor, which stops them."""

    def __init__(self, supervisor: Supervisor, folder: DataFolder, options: StackOptions, hooks: StackHooks) -> None:
        self._supervisor = supervisor
        self._folder = folder
        self._options = options
        self._hooks = hooks
        self._broker_watch: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, object]:
        """Start everything, and return the ready line once every service answers."""
        environment = self._options.environment
        secrets = StackSecrets.kept_in(self._folder.secrets)
        dsn = user_setting(environment, POSTGRES_DSN) or await self._start_postgres()
        await self._hooks.migrate(dsn)
        kafka = user_setting(environment, BOOTSTRAP_SERVERS)
        own_broker = kafka is None
        if kafka is None:
            kafka = await self._start_broker(dsn)
        else:
            await self._hooks.create_topics(kafka)
        entry = await self._hooks.ensure_account(dsn, password=secrets.admin_password, token=secrets.api_token)
        ready: dict[str, Callable[[], str]] = {}
        smtp_url = mail_url = None
        if user_setting(environment, SMTP_URL) is None:
            smtp_url, mail_url = await self._start_mail_sink()
            ready["mail-sink"] = lambda: f"{mail_url}readyz"
        url = f"http://{_in_url(self._options.host)}:{self._options.port}"
        around = Surroundings(
            postgres_dsn=dsn,
            bootstrap_servers=kafka,
            embedded_broker=own_broker,
            objects_url=self._folder.objects.as_uri(),
            sealing_keys=secrets.sealing_keys,
            public_url=url,
            smtp_url=smtp_url,
            mail_url=mail_url,
        )
        ready |= await self._start_services(around)
        ready["web page"] = lambda: f"{url}/"
        await wait_until_ready(ready, seconds=self._options.ready_seconds)
        return {
            "ready": True,
            "url": url,
            "api_token": secrets.api_token if entry.token_works else None,
            "database": dsn,
            "kafka": kafka,
            "mail_folder": str(self._folder.mails),
            "mail_url": mail_url,
            "login": LOGIN,
            "password": secrets.admin_password if entry.password_fits else None,
            "password_is_one_time": entry.password_fits and entry.must_change_password,
        }

    async def stop_watching(self) -> None:
        """Leave the broker alone from here on."""
        if self._broker_watch is not None:
            self._broker_watch.cancel()
            await asyncio.wait({self._broker_watch})

    async def _start_postgres(self) -> str:
        postgres = EmbeddedPostgres(self._folder.postgres, self._folder.log("postgres"))
        await self._supervisor.keep("postgres", postgres)
        return postgres.dsn

    async def _start_broker(self, dsn: str) -> str:
        broker = EmbeddedBroker(self._folder.log("broker"))

        async def renew() -> None:
            await self._hooks.create_topics(broker.bootstrap_servers)
            await self._hooks.record_incarnation(dsn)
            self._supervisor.release_services()

        kept = await self._supervisor.keep(
            "broker", broker, before_restart=self._supervisor.hold_services, after_restart=renew
        )
        await self._hooks.create_topics(broker.bootstrap_servers)
        await self._hooks.record_incarnation(dsn)
        self._broker_watch = asyncio.create_task(
            limit_broker_memory(kept, broker.resident_bytes, partial(self._hooks.any_run_active, dsn))
        )
        return broker.bootstrap_servers

    async def _start_mail_sink(self) -> tuple[str, str]:
        """Return the sink's addresses: for SMTP, and of its page."""
        smtp_port, http_port = free_port(), free_port()
        argv = [
            *(sys.executable, "-m", "services.cli.embedded.mail_sink"),
            *("--folder", str(self._folder.mails)),
            *("--smtp-port", str(smtp_port)),
            *("--http-port", str(http_port)),
        ]
        await self._supervisor.keep(
            "mail-sink",
            Program(
                argv,
                environment=lambda _: self._options.environment,
                log=self._folder.log("mail-sink"),
                lifeline=self._supervisor.lifeline,
            ),
        )
        return f"smtp://{LOOPBACK}:{smtp_port}", f"http://{LOOPBACK}:{http_port}/"

    async def _start_services(self, around: Surroundings) -> dict[str, Callable[[], str]]:
        """Start all replicas, and return where each says that it is ready."""
        ready: dict[str, Callable[[], str]] = {}
        for service in _START_ORDER:
            for replica in range(1, self._options.scale.get(service, 1) + 1):
                name = f"{service}-{replica}"
                program = Program(
                    self._options.program(service),
                    environment=partial(self._environment, around, service, replica),
                    log=self._folder.log(name),
                    lifeline=self._supervisor.lifeline,
                )
                await self._supervisor.keep_service(service, program)
                ready[name] = partial(_ready_url, program)
        return ready

    def _environment(self, around: Surroundings, service: str, replica: int, health_port: int) -> dict[str, str]:
        # One process can listen on the port of the page; further ones of web have ports of their own.
        web = (self._options.host, self._options.port) if replica == 1 else (LOOPBACK, free_port())
        return service_environment(self._options.environment, around, service=service, health_port=health_port, web=web)


def _ready_url(program: Program) -> str:
    return f"http://{LOOPBACK}:{program.health_port}/readyz"
