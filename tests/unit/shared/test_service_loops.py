"""A loop that ends by itself halts its service, where `/livez`, `/readyz` and the reports look."""

import asyncio

import pytest
from faststream.kafka import KafkaBroker
from structlog.testing import capture_logs

from shared.clock import SystemClock
from shared.health import health_routes
from shared.kafka.delivery import Delivery
from shared.service_loops import running
from shared.settings import KafkaSettings
from tests.support.waiting import until

DEADLINE = 10


async def for_ever() -> None:
    await asyncio.Event().wait()


async def returns() -> None:
    return


async def raises() -> None:
    raise KeyError("nobody's business")


async def raises_in_a_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(for_ever())
        tasks.create_task(raises())


@pytest.fixture
def delivery() -> Delivery:
    return Delivery(KafkaBroker(), "notifier", KafkaSettings(), SystemClock())


async def status(delivery: Delivery, path: str) -> int:
    route = dict(health_routes({}, lambda: delivery.halted))[path]
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await route({"type": "http"}, None, send)  # type: ignore[arg-type] # nothing is received
    return int(str(sent[0]["status"]))


@pytest.mark.parametrize(
    ("loop", "why"), [(raises, "KeyError"), (raises_in_a_group, "KeyError"), (returns, "it returned")]
)
async def test_a_loop_that_ends_halts_the_service(delivery: Delivery, loop: object, why: str) -> None:
    with capture_logs() as logs:
        async with running(delivery, {"mail sender": loop, "webhooks": for_ever}):  # type: ignore[dict-item]
            await until(lambda: delivery.halted, within=DEADLINE, what="it has halted")
            assert (await status(delivery, "/livez"), await status(delivery, "/readyz")) == (503, 503)
    assert delivery.halted == f"mail sender ended: {why}"
    assert [(each["log_level"], each["loop"]) for each in logs] == [("critical", "mail sender")]


async def test_loops_that_are_stopped_with_the_service_halt_nothing(delivery: Delivery) -> None:
    async with running(delivery, {"mail sender": for_ever}):
        assert (await status(delivery, "/livez"), await status(delivery, "/readyz")) == (200, 200)
    assert delivery.halted is None
