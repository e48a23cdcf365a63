"""`contacts-sync run NAME`: one service, until SIGTERM, SIGINT, or the end of the supervisor that started it."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Annotated
from zoneinfo import reset_tzpath

import structlog
import typer

from services.cli.catalogue import NAMES, find_service
from services.cli.embedded.child import supervisor_gone
from services.cli.failure import explained, told
from services.cli.serving import Part, serve
from shared.errors import UserError
from shared.kafka.delivery import DOWN
from shared.logs import configure_logs
from shared.postgres.database import DATABASE_FAILED
from shared.process_memory import keep_one_arena, look_for_cycles_seldom

app = typer.Typer(add_completion=False)

EXIT_NOT_THERE = 3
PATIENCE_SECONDS = 60.0
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
_ORPHAN_SECONDS = 2.0
"""Database and broker went with the supervisor, so there is nothing to end in good order for longer."""

# Postgres errors of any kind: while a system is set up, the database or its tables may still be on their way.
NOT_THERE = (*DOWN, *DATABASE_FAILED)

_log = structlog.get_logger("contacts_sync.run")


async def run_until_stopped(
    build: Callable[[], Sequence[Part]], stop: asyncio.Event, *, grace: int, patience: float = PATIENCE_SECONDS
) -> int:
    """Serve what `build` makes, and return the exit status: 0 when stopped, 3 when something it needs is not there.

    For `patience` seconds from the call on it is tried again with growing waits, each time built anew. Other
    errors are raised.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    wait = _FIRST_WAIT
    while True:
        try:
            await serve(build(), stop, grace=grace)
        except NOT_THERE as error:
            known = explained(error)
            if known is None or isinstance(known, UserError):
                raise
            if stop.is_set():
                return 0
            about = {"code": known.code, "reason": known.message, "error": type(error).__name__}
            if loop.time() + wait > deadline:
                _log.critical("given up: something needed is not there", **about)
                return EXIT_NOT_THERE
            _log.warning("waiting for something that is not there", **about, wait=wait)
        else:
            return 0
        try:
            async with asyncio.timeout(wait):
                await stop.wait()
        except TimeoutError:
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            return 0


async def _watch_supervisor(stop: asyncio.Event) -> None:
    await supervisor_gone()
    _log.warning("the supervisor is gone: stopping")
    asyncio.get_running_loop().call_later(_ORPHAN_SECONDS, os._exit, 1)
    stop.set()


async def run_service(build: Callable[[], Sequence[Part]], *, grace: int) -> int:
    """Do the same until a signal comes or the supervisor is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch_supervisor(stop))
    try:
        return await run_until_stopped(build, stop, grace=grace)
    finally:
        watching.cancel()


@app.command()
def run(name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")]) -> None:
    """Run one service, with settings from the environment.

    Exit status 0: stopped by a signal; 1: it failed; 2: settings; 3: database or broker were not there for a minute.
    """
    with told():
        keep_one_arena()
        look_for_cycles_seldom()
        service = find_service(name)
        settings = service.load_settings()
        configure_logs(name)
        reset_tzpath(to=())  # one version of the time zones' rules for all: that of the tzdata distribution
        status = asyncio.run(run_service(lambda: service.build(settings), grace=service.grace_seconds))
    raise typer.Exit(status)
