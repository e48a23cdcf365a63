"""The services by name: where each has its settings and its app, and on which ports it listens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from services.cli.serving import Part
from shared.errors import UserError
from shared.health import health_routes
from shared.settings import ServiceSettings

WEB = "web"
NAMES = ("scheduler", "fetcher", "parser", "syncer", "notifier", WEB)

_SSE_GRACE_SECONDS = 3
"""Pages that watch a run hold their connection for as long as it lasts; they connect again by themselves."""
_GRACE_SECONDS = 25


@dataclass(frozen=True)
class Service:
    """A service; its modules are imported when they are asked for."""

    name: str

    @property
    def settings_class(self) -> type[ServiceSettings]:
        """Return the class of its settings."""
        return cast("type[ServiceSettings]", import_module(f"services.{self.name}.settings").Settings)

    @property
    def grace_seconds(self) -> int:
        """Return how long open connections may take to end when the service stops."""
        return _SSE_GRACE_SECONDS if self.name == WEB else _GRACE_SECONDS

    def load_settings(self) -> ServiceSettings:
        """Read its settings from the environment."""
        return self.settings_class.load()

    def build(self, settings: Any) -> Sequence[Part]:  # noqa: ANN401 - each service has settings of its own
        """Build its app anew, opening nothing; the first part has the lifespan that all of them live on."""
        module = import_module(f"services.{self.name}.app")
        app = module.create_app(settings)
        internal = (settings.health.host, settings.health.port)
        if self.name == WEB:
            # Its own port is open to all, so health and metrics have another one here too.
            routes = health_routes(module.health_checks(app), lambda: None)
            return [Part(app, settings.web.host, settings.web.port), Part(by_path(dict(routes)), *internal)]
        return [Part(app, *internal)]


def find_service(name: str) -> Service:
    """Return the service of that name; UserError `unknown_service`."""
    if name not in NAMES:
        raise UserError("unknown_service", f'There is no service "{name[:40]}": {", ".join(NAMES)}.', field="name")
    return Service(name)


def by_path(routes: Mapping[str, ASGIApp]) -> ASGIApp:
    """Return an app that hands each request to the route of exactly its path; others are answered 404."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        route = routes.get(scope["path"])
        if route is not None:
            await route(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return answer
