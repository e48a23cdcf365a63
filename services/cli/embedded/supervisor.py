"""Keeps the stack's processes running, renews the broker and all that hangs on it, stops all in order."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from services.cli.embedded.child import Lifeline
from services.cli.embedded.kept_process import KeptProcess, Startable, describe, nothing

logger = logging.getLogger(__name__)

# From where work comes in to where it goes out, so that what one has said is not left waiting for the next.
STOP_ORDER = ("scheduler", "web", "fetcher", "parser", "syncer", "notifier")

WITHOUT_BROKER = frozenset({"web"})

STOP_GRACE_SECONDS = 10.0
RENEWAL_GRACE_SECONDS = 2.0

# The memory broker frees nothing while it runs.
IDLE_LIMIT_BYTES = 1 << 30
HARD_LIMIT_BYTES = 4 << 30
_LOOK_EVERY_SECONDS = 5.0


class Supervisor:
    """Holds all processes of one stack; as a context manager it stops what it started, however that ends."""

    def __init__(self, *, grace: float = STOP_GRACE_SECONDS) -> None:
        self._grace = grace
        self._ground: list[KeptProcess] = []
        self._services: dict[str, list[KeptProcess]] = defaultdict(list)
        self.lifeline = Lifeline()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def keep(
        self,
        name: str,
        process: Startable,
        *,
        before_restart: Callable[[], Awaitable[None]] = nothing,
        after_restart: Callable[[], Awaitable[None]] = nothing,
    ) -> KeptProcess:
        """Start what the services stand on; stopped after them, in the opposite order of the starts."""
        kept = KeptProcess(name, process, before_restart=before_restart, after_restart=after_restart)
        self._ground.append(kept)
        await kept.begin()
        return kept

    async def keep_service(self, service: str, process: Startable) -> KeptProcess:
        """Start a replica of a service, one of `STOP_ORDER`."""
        replicas = self._services[service]
        kept = KeptProcess(f"{service}-{len(replicas) + 1}", process)
        replicas.append(kept)
        await kept.begin()
        return kept

    async def hold_services(self) -> None:
        """End all services that speak to the broker, until `release_services`.

        They must be gone before a new broker is there: a consumer's position in the old one's memory means nothing in
        the new one's, or worse, is committed there and then believed.
        """
        await asyncio.gather(*(kept.hold(RENEWAL_GRACE_SECONDS) for kept in self._on_the_broker()))

    def release_services(self) -> None:
        """Let them be started again."""
        for kept in self._on_the_broker():
            kept.release()

    def _on_the_broker(self) -> list[KeptProcess]:
        return [kept for name, replicas in self._services.items() if name not in WITHOUT_BROKER for kept in replicas]

    async def stop(self) -> None:
        """Stop everything, services first. May be called again."""
        for service in sorted(self._services, key=STOP_ORDER.index):
            await asyncio.gather(*(kept.end(self._grace) for kept in self._services[service]))
        for kept in reversed(self._ground):
            await kept.end(self._grace)
        self.lifeline.close()

    def hurry(self) -> None:
        """Kill everything, so that a `stop` under way ends at once. What is stored survives that."""
        for kept in (*self._ground, *(kept for replicas in self._services.values() for kept in replicas)):
            kept.abandon()


async def limit_broker_memory(
    broker: KeptProcess,
    resident_bytes: Callable[[], int],
    runs_active: Callable[[], Awaitable[bool]],
    *,
    idle_limit: int = IDLE_LIMIT_BYTES,
    hard_limit: int = HARD_LIMIT_BYTES,
    every: float = _LOOK_EVERY_SECONDS,
) -> None:
    """Restart the broker above `hard_limit` bytes of memory, or above `idle_limit` when no run needs it.

    Runs until cancelled. While it can't be told whether a run is active, one is taken to be.
    """
    while True:
        await asyncio.sleep(every)
        held = resident_bytes()
        if held <= idle_limit:
            continue
        try:
            needed = held <= hard_limit and await runs_active()
        except Exception as error:  # noqa: BLE001 -- the database may be away in many ways, all of them passing
            logger.warning("whether a run is active is not known: %s", describe(error))
            continue
        if not needed:
            logger.info("the broker holds %d MiB and is started anew", held >> 20)
            await broker.restart(RENEWAL_GRACE_SECONDS)
