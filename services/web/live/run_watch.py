"""One listening connection for all who watch runs in this process; the notification's payload is the run's id."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from uuid import UUID

import asyncpg
import structlog

CHANNEL = "run_changed"

_RECONNECT_WAIT = 0.5
_log = structlog.get_logger("contacts_sync.web.run_watch")


class RunWatch:
    """Listens while it is entered; each watcher has an event of its own, set when its run may have changed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen(), name="run-watch")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    @contextmanager
    def watch(self, run_id: UUID) -> Iterator[asyncio.Event]:
        """Give an event that is set at each change, and when changes may have been missed."""
        event = asyncio.Event()
        key = str(run_id)
        self._watchers[key].add(event)
        try:
            yield event
        finally:
            self._watchers[key].discard(event)
            if not self._watchers[key]:
                del self._watchers[key]

    def _wake(self, run_id: str) -> None:
        for event in self._watchers.get(run_id, ()):
            event.set()

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, server_settings={"application_name": "contacts-sync-web-watch"}
                )
            except (OSError, TimeoutError, asyncpg.PostgresError) as error:
                _log.warning("cannot listen", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_WAIT)
                continue
            lost = asyncio.Event()
            connection.add_termination_listener(lambda *_, lost=lost: lost.set())
            try:
                await connection.add_listener(CHANNEL, lambda *args: self._wake(str(args[3])))
                for run_id in list(self._watchers):
                    self._wake(run_id)
                await lost.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("listening failed", error=type(error).__name__)
            finally:
                connection.terminate()
