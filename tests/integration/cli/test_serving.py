"""Serving any ASGI app: waiting for what it needs, failing when it fails, ending when told."""

import asyncio
import socket
from collections.abc import Sequence

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from services.cli.embedded.ports import LOOPBACK, free_port
from services.cli.run import EXIT_NOT_THERE, run_until_stopped
from services.cli.serving import Part, serve
from shared.errors import UserError
from tests.support.waiting import until


class App:
    """Starts after so many failures; fails again, once started, when told."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or ConnectionRefusedError(111, "refused")
        self.starts = 0
        self.ends = 0
        self.up = asyncio.Event()
        self.break_down = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        self.starts += 1
        if self.starts <= self.failures:
            await send({"type": "lifespan.startup.failed", "message": "as frameworks do"})
            raise self.error
        await send({"type": "lifespan.startup.complete"})
        self.up.set()
        told = asyncio.create_task(self.break_down.wait())
        ending = asyncio.ensure_future(receive())
        await asyncio.wait({told, ending}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            ending.cancel()
            raise self.error
        told.cancel()
        self.ends += 1
        await send({"type": "lifespan.shutdown.complete"})


def part(app: ASGIApp) -> Sequence[Part]:
    return [Part(app, LOOPBACK, free_port())]


async def test_it_is_tried_again_until_it_starts_and_ends_when_told() -> None:
    app, stop = App(failures=2), asyncio.Event()
    running = asyncio.create_task(run_until_stopped(lambda: part(app), stop, grace=1))
    await asyncio.wait_for(app.up.wait(), 5)
    stop.set()
    assert await asyncio.wait_for(running, 5) == 0
    assert (app.starts, app.ends) == (3, 1)


async def test_what_never_comes_is_given_up() -> None:
    app = App(failures=1000)
    status = await asyncio.wait_for(run_until_stopped(lambda: part(app), asyncio.Event(), grace=1, patience=0.2), 5)
    assert status == EXIT_NOT_THERE
    assert app.starts == 2


async def test_waiting_ends_when_told() -> None:
    app, stop = App(failures=1000), asyncio.Event()
    running = asyncio.create_task(run_until_stopped(lambda: part(app), stop, grace=1))
    await until(lambda: app.starts, within=5, what="a first try", every=0)
    stop.set()
    assert await asyncio.wait_for(running, 5) == 0


async def test_another_error_is_not_waited_out() -> None:
    app = App(failures=1, error=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(run_until_stopped(lambda: part(app), asyncio.Event(), grace=1), 5)
    assert app.starts == 1


async def test_an_app_that_fails_later_does_not_live_on_deaf() -> None:
    app = App(error=ZeroDivisionError())
    serving = asyncio.create_task(serve(part(app), asyncio.Event(), grace=1))
    await asyncio.wait_for(app.up.wait(), 5)
    app.break_down.set()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(serving, 5)


async def test_a_port_that_is_taken_is_a_matter_of_usage() -> None:
    app = App()
    with socket.create_server((LOOPBACK, 0)) as taken, pytest.raises(UserError, match="Stop what uses it"):
        await serve([Part(app, LOOPBACK, taken.getsockname()[1])], asyncio.Event(), grace=1)
    assert app.starts == 0
