"""Errors as pages, and the way to the sign-in for those who have not signed in."""

from urllib.parse import quote

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import NewPasswordNeededError, SignInNeededError
from services.web.dependencies.problems import status_of
from services.web.pages.render import page
from shared.errors import TransientError, UserError

_log = structlog.get_logger("contacts_sync.web")
_MISSING = "There is nothing at this address. It may have been deleted."


def page_error(request: Request, error: Exception) -> Response:
    """Return the page for whatever a route raised."""
    match error:
        case SignInNeededError():
            query = f"?{request.url.query}" if request.url.query else ""
            back = f"?next={quote(request.url.path + query)}" if request.method == "GET" else ""
            return RedirectResponse(f"/login{back}", 303)
        case NewPasswordNeededError():
            return RedirectResponse("/account/password", 303)
        case UserError():
            status, message = status_of(error), error.message
        case RequestValidationError():
            status, message = 404, _MISSING
        case HTTPException():
            status = error.status_code
            message = _MISSING if status == 404 else str(error.detail)  # noqa: PLR2004 - HTTP's own number
        case TransientError():
            status, message = 503, f"{error.message} Nothing was lost; try again in a moment."
        case _:
            _log.error("page failed", error=type(error).__name__)
            status, message = 500, "Something went wrong here; it was noted. Try again later."
    visitor = getattr(request.state, "visitor", None)
    return page(request, "error.html", visitor, status=status, message=message)
