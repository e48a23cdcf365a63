"""`/livez`, `/readyz` and `/metrics` of a service's internal port."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import make_asgi_app
from starlette.types import ASGIApp, Receive, Scope, Send

Check = Callable[[], Awaitable[bool]]
"""One thing a service needs; true when it is there."""

_CHECK_SECONDS = 3.0


def health_routes(checks: Mapping[str, Check], halted: Callable[[], str | None]) -> list[tuple[str, ASGIApp]]:
    """Return the routes; live means that the loop turns and no consumer has stopped, ready that all checks pass."""

    async def livez(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's signature
        reason = halted()
        await _answer(send, 503 if reason else 200, {"status": "halted" if reason else "alive", "reason": reason})

    async def readyz(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's signature
        results = dict(zip(checks, await asyncio.gather(*map(_passes, checks.values())), strict=True))
        ready = all(results.values()) and halted() is None
        await _answer(send, 200 if ready else 503, {"status": "ready" if ready else "not ready", "checks": results})

    return [("/livez", livez), ("/readyz", readyz), ("/metrics", make_asgi_app())]


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return False


async def _answer(send: Send, status: int, body: object) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
