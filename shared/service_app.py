"""The app of a service that hears events: its consumers, what its internal port answers, and its reports."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import structlog
from faststream.asgi import AsgiFastStream

from shared.health import Check, health_routes
from shared.kafka.delivery import Delivery
from shared.kafka.service_reports import ServiceReports


def service_app(
    delivery: Delivery,
    lifespan: Callable[[], AbstractAsyncContextManager[None]],
    checks: Mapping[str, Check] | None = None,
) -> AsgiFastStream:
    """Return the app, opening nothing; `checks` are what it needs besides the broker to be ready."""
    reports = ServiceReports(delivery)
    return AsgiFastStream(
        delivery.broker,
        lifespan=lifespan,
        after_startup=[reports.begin],
        on_shutdown=[reports.end],
        asgi_routes=health_routes(delivery.checks() | dict(checks or {}), lambda: delivery.halted),
        logger=structlog.get_logger(f"contacts_sync.{delivery.service}"),
    )
