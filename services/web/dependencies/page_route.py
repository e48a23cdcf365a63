"""Routes of pages: nothing of a request is read before its session is known to have the role that the page needs."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from services.web.dependencies.resources import resources_of
from services.web.security.access import access_of, role_missing
from services.web.security.draft_runs import hide_draft_runs
from services.web.security.sessions import COOKIE, session_of


class SignInNeededError(Exception):
    """Nobody has signed in; the visitor is sent to do so."""


class NewPasswordNeededError(Exception):
    """The visitor came with a one-time password, and is sent to choose another."""


class PageRoute(APIRoute):
    """Finds the visitor first.

    SignInNeededError, NewPasswordNeededError; UserError `role_missing`, or `run_not_found` for what is another's draft.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with the look at the session before it."""
        access = access_of(self.endpoint)
        handler = super().get_route_handler()

        async def authorized(request: Request) -> Response:
            if access.role is None:
                return await handler(request)
            resources = resources_of(request)
            async with resources.database.pool.acquire() as connection:
                visitor = await session_of(connection, request.cookies.get(COOKIE), now=resources.clock.now())
                if visitor is None:
                    raise SignInNeededError
                if visitor.must_change_password and not access.before_new_password:
                    raise NewPasswordNeededError
                # From here on an error is shown to somebody known, with the way back.
                request.state.visitor = visitor
                if not visitor.role.includes(access.role):
                    raise await role_missing(connection, access.role, visitor.role)
                await hide_draft_runs(connection, request.path_params, visitor.account_id, visitor.role)
            return await handler(request)

        return authorized


def page_router() -> APIRouter:
    """Return a router for a group of pages."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)
