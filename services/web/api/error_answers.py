"""Every error of the API as a problem document."""

from http import HTTPStatus

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from services.web.dependencies.problems import http_problem, problem, problem_of
from services.web.forms.invalid import errors_of, input_errors
from shared.errors import TransientError, UserError

_LATE = {"preview_timeout": HTTPStatus.GATEWAY_TIMEOUT}
_log = structlog.get_logger("contacts_sync.web")


def api_error(request: Request, error: Exception) -> JSONResponse:
    """Return the problem document of whatever a route raised."""
    match error:
        case UserError():
            return problem_of(error)
        case RequestValidationError():
            return _invalid_request(request, error)
        case ValidationError():
            return problem_of(input_errors(error))
        case HTTPException():
            return http_problem(error.status_code, error.detail, error.headers)
        case TransientError():
            status = _LATE.get(error.code, HTTPStatus.SERVICE_UNAVAILABLE)
            return problem(status, error.code, error.message, headers={"retry-after": "5"})
    _log.error("request failed", error=type(error).__name__, path=request.scope.get("route_path"))
    return problem(500, "internal_error", "Something went wrong here; it was noted. Try again later.")


def _invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    details = error.errors()
    place = details[0]["loc"][0]
    if place == "path":
        return http_problem(404, "Not Found")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if place == "body" and content_type and not content_type.endswith(("/json", "+json")):
        return problem_of(UserError("content_type_unsupported", "Send the body as application/json."))
    if details[0]["type"] == "json_invalid":
        return problem_of(UserError("invalid", "The body is not valid JSON."))
    return problem_of(errors_of(details, prefix=1))
