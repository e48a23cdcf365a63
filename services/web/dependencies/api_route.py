"""Routes of the API: nobody's body is read before they have shown a token that may do what they ask."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from services.web.dependencies.resources import resources_of
from services.web.security.access import access_of, role_missing
from services.web.security.draft_runs import hide_draft_runs
from services.web.security.tokens import holder_of_token
from shared.rules.roles import Role
from shared.store.audit_log import Actor

PREFIX = "/api/v1"


class ApiRoute(APIRoute):
    """Finds the account first, and what its token may do.

    UserError `unauthenticated`, `role_missing`, or `run_not_found` for what is another account's draft.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(path, endpoint, **options)
        self.openapi_extra = {**(self.openapi_extra or {}), "x-needed-role": access_of(endpoint).role}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with the look at the token before it."""
        needed = access_of(self.endpoint).role
        handler = super().get_route_handler()

        async def authorized(request: Request) -> Response:
            resources = resources_of(request)
            async with resources.database.pool.acquire() as connection:
                authorization = request.headers.get("authorization")
                holder = await holder_of_token(connection, authorization, now=resources.clock.now())
                if needed is not None and not holder.role.includes(needed):
                    raise await role_missing(connection, needed, holder.role, token=holder.actor.token)
                await hide_draft_runs(connection, request.path_params, holder.account_id, holder.role)
            request.state.account_id = holder.account_id
            request.state.actor = holder.actor
            request.state.role = holder.role
            return await handler(request)

        return authorized


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


def _actor_of(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


Account = Annotated[UUID, Depends(_account_of)]
"""A route's parameter of this type gets the account that asks."""


def _role_of(request: Request) -> Role:
    role: Role = request.state.role
    return role


By = Annotated[Actor, Depends(_actor_of)]
"""A route's parameter of this type gets who asks, as the audit log knows them."""

Held = Annotated[Role, Depends(_role_of)]
"""A route's parameter of this type gets what the token may do."""
