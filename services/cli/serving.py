"""Serves a service's ASGI apps until it is told to stop, and lets what its lifespan raises come out.

uvicorn logs an app's failure and exits, or serves on when the lifespan fails later; its signal handlers end the
process by the signal. Here signals belong to the caller, and a failure at any time is raised.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import UserError


@dataclass(frozen=True)
class Part:
    """One app and the address it listens on."""

    app: ASGIApp
    host: str
    port: int


class NotStartedError(Exception):
    """The app did not start; what it raised tells why."""


class _Watched:
    """An app whose lifespan's error is kept, where uvicorn only logs it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.error: Exception | None = None
        self.failed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_without_traceback(message: Message) -> None:
            await send({**message, "message": ""} if message["type"].endswith(".failed") else message)

        try:
            await self._app(scope, receive, send_without_traceback)
        except Exception as error:  # noqa: BLE001 - `serve` raises it
            self.error = error
            self.failed.set()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise NotStartedError from None


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that has the address but does not take connections yet; UserError `address_unusable`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        message = f"Cannot listen on {host}, port {port}: {error.strerror or error}. Stop what uses it, or set another."
        raise UserError("address_unusable", message) from error
    return listener


async def serve(parts: Sequence[Part], stop: asyncio.Event, *, grace: int) -> None:
    """Serve until `stop` is set; the first part's app has the lifespan, and what that raises is raised."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(bound(part.host, part.port)) for part in parts]
        watched = _Watched(parts[0].app)
        apps: list[ASGIApp] = [watched, *(part.app for part in parts[1:])]
        servers = [
            _Server(
                uvicorn.Config(
                    app,
                    lifespan="on" if app is watched else "off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    ws="none",
                    timeout_graceful_shutdown=grace,
                )
            )
            for app in apps
        ]
        serving = [
            asyncio.create_task(server.serve([listener])) for server, listener in zip(servers, sockets, strict=True)
        ]
        signals = [asyncio.create_task(stop.wait()), asyncio.create_task(watched.failed.wait())]
        try:
            await asyncio.wait({*serving, *signals}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            results = await _end(servers, serving, signals)
    if watched.error is not None:
        raise watched.error
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _end(
    servers: Sequence[_Server],
    serving: Sequence[asyncio.Task[None]],
    signals: Sequence[asyncio.Task[bool]],
) -> list[BaseException | None]:
    for server, task in zip(servers, serving, strict=True):
        server.should_exit = True
        if not server.started:
            task.cancel()
    for signal in signals:
        signal.cancel()
    return await asyncio.gather(*serving, return_exceptions=True)
