"""What a service does without end beside taking events; one that ends all the same halts the service for all to see."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from shared.kafka.delivery import Delivery

Loop = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def running(delivery: Delivery, loops: Mapping[str, Loop]) -> AsyncIterator[None]:
    """Run loops, by name, while this is entered.

    They wait for what is down themselves; one that raises or returns is a fault. `/livez`, `/readyz` and the service's
    reports then say that it has halted, as for a consumer that has stopped: the process has to be started anew.
    """
    tasks = [asyncio.create_task(_run(delivery, name, loop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(delivery: Delivery, name: str, loop: Loop) -> None:
    error: BaseException | None = None
    try:
        await loop()
    except Exception as raised:  # noqa: BLE001 - nobody awaits it, and all that it does would stand still unseen
        error = raised
    why = _kind(error) if error else "it returned"
    delivery.halted = delivery.halted or f"{name} ended: {why}"
    structlog.get_logger(f"contacts_sync.{delivery.service}").critical("loop ended", loop=name, why=why, exc_info=error)


def _kind(error: BaseException) -> str:
    """Return the classes of an error, for all to see; what it says may be nobody's business."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(_kind(each) for each in error.exceptions)
    return type(error).__name__
