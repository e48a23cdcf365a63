"""Errors as RFC 9457 problem documents, with a stable `code` and, for input, the `field`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from services.web.forms.input_errors import InvalidInputError
from shared.errors import UserError

MEDIA_TYPE = "application/problem+json"

_STATUS = {
    "unauthenticated": 401,
    "password_wrong": 401,
    "foreign_origin": 403,
    "csrf_token_invalid": 403,
    "role_missing": 403,
    "not_found": 404,
    "contact_changed": 409,
    "contact_exists": 409,
    "run_active": 409,
    "run_applying": 409,
    "run_finished": 409,
    "not_approvable": 409,
    "not_undoable": 409,
    "plan_void": 409,
    "applies_paused": 409,
    "applies_not_paused": 409,
    "last_admin": 409,
    "schedule_missing": 409,
    "schedule_not_paused": 409,
    "file_gone": 410,
    "file_too_large": 413,
    "content_type_unsupported": 415,
    "too_many_attempts": 429,
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 400: "invalid"}


def status_of(error: UserError) -> int:
    """Return the HTTP status of an error; what is about an input's field is the input's fault."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    return 404 if error.code.endswith("_not_found") and error.field is None else 422


def problem_of(error: UserError) -> JSONResponse:
    """Return the problem document of an error."""
    errors = error.errors if isinstance(error, InvalidInputError) else [error]
    status = status_of(error)
    headers = {"www-authenticate": "Bearer"} if error.code == "unauthenticated" else None
    return problem(status, error.code, error.message, field=error.field, errors=errors, headers=headers)


def http_problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem document of an error of HTTP itself."""
    phrase = HTTPStatus(status).phrase
    message = detail if detail != phrase else {404: "There is nothing at this address."}.get(status, phrase)
    return problem(status, _CODES.get(status, phrase.lower().replace(" ", "_")), message, headers=headers)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    errors: Sequence[UserError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document; `errors` lists all where there are several."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if field is not None:
        body["field"] = field
    if len(errors) > 1:
        body["errors"] = [{"code": error.code, "detail": error.message, "field": error.field} for error in errors]
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
