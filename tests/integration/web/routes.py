"""All routes of the app, as it has them: a new one is in every test that goes over them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from services.web.dependencies.api_route import PREFIX, ApiRoute
from services.web.dependencies.page_route import PageRoute
from services.web.security.access import Access, access_of

OPEN_FILES = {"/static", f"{PREFIX}/openapi.json"}
"""What is no route of ours: scripts and styles, and the description of the API."""


@dataclass(frozen=True)
class OurRoute:
    """A route with one of its methods; `path` as it was declared."""

    method: str
    path: str
    access: Access
    is_page: bool

    def address(self, **ids: str) -> str:
        """Return where to call it: with these ids, and others that nothing has."""

        def value(match: re.Match[str]) -> str:
            return ids.get(match[1], "none-such" if match[1] == "unique_id" else str(uuid4()))

        query = f"?manager={ids.get('manager_id', uuid4())}&unique_id=none-such" if self.is_page else ""
        return re.sub(r"\{(\w+)(?::\w+)?\}", value, self.path) + query


def each_route(app: FastAPI) -> Iterator[BaseRoute]:
    for entry in app.routes:
        router = getattr(entry, "original_router", None)
        yield from router.routes if router is not None else [entry]


def our_routes(app: FastAPI) -> list[OurRoute]:
    """Return all routes that people and programs call; AssertionError for one of a kind that asks for no role."""
    found = []
    for route in each_route(app):
        assert isinstance(route, Mount | Route)
        if route.path in OPEN_FILES:
            continue
        assert isinstance(route, PageRoute | ApiRoute), f"{route.path} asks nobody who they are"
        assert isinstance(route, APIRoute)
        access = access_of(route.endpoint)
        found += [
            OurRoute(each, route.path, access, isinstance(route, PageRoute)) for each in sorted(route.methods or ())
        ]
    return found
