"""Routes of the API: nobody's body is read before they have shown their token."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from services.web.dependencies.resources import resources_of
from services.web.security.tokens import account_of_token

PREFIX = "/api/v1"


class ApiRoute(APIRoute):
    """Finds the account first; UserError `unauthenticated`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with the look at the token before it."""
        handler = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            async with resources_of(request).database.pool.acquire() as connection:
                request.state.account_id = await account_of_token(connection, request.headers.get("authorization"))
            return await handler(request)

        return authenticated


def api_router(tag: str, route_class: type[ApiRoute] = ApiRoute) -> APIRouter:
    """Return a router for a group of routes."""
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        route_class=route_class,
        dependencies=[Security(HTTPBearer(auto_error=False, description="An API token"))],
    )


def _account_of(request: Request) -> UUID:
    account_id: UUID = request.state.account_id
    return account_id


Account = Annotated[UUID, Depends(_account_of)]
"""A route's parameter of this type gets the account that asks."""
