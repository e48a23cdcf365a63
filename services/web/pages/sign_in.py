"""Signing in and out."""

from datetime import timedelta

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from services.web.security.access import needs, open_to_all
from services.web.security.same_origin import require_same_origin
from services.web.security.sessions import COOKIE, sign_in, sign_out
from shared.errors import UserError
from shared.rules.roles import Role

router = page_router()

_WRONG = "Login and password don't fit. Check both and try again."


@router.get("/login")
@open_to_all
async def show_sign_in(request: Request) -> Response:
    """Show the form."""
    return page(request, "login.html", next=_inside(request.query_params.get("next", "/")), login="")


@router.post("/login")
@open_to_all
async def do_sign_in(request: Request, resources: Open) -> Response:
    """Begin a session."""
    require_same_origin(request.headers, resources.settings.web.public_url)
    form = await request.form(max_files=0)
    login, back = str(form.get("login", "")).replace("\0", ""), _inside(str(form.get("next", "/")))
    now = resources.clock.now()
    web = resources.settings.web
    try:
        await resources.sign_in_attempts.count(login, request.client.host if request.client else None)
    except UserError as error:
        return page(request, "login.html", status=status_of(error), next=back, login=login, error=error.message)
    async with resources.database.pool.acquire() as connection:
        expires_at = now + timedelta(hours=web.session_hours)
        session_id = await sign_in(connection, login, str(form.get("password", "")), now=now, expires_at=expires_at)
    if session_id is None:
        return page(request, "login.html", status=422, next=back, login=login, error=_WRONG)
    await resources.sign_in_attempts.clear(login)
    answer = RedirectResponse(back, 303)
    answer.set_cookie(
        COOKIE,
        session_id,
        max_age=int(web.session_hours * 3600),
        httponly=True,
        samesite="lax",
        secure=web.public_url.startswith("https://"),
    )
    return answer


@router.post("/logout")
@needs(Role.VIEWER, before_new_password=True)
async def do_sign_out(request: Request, resources: Open, visitor: Visitor) -> Response:
    """End the session."""
    await checked_form(request, resources, visitor)
    async with resources.database.pool.acquire() as connection:
        await sign_out(connection, request.cookies[COOKIE])
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _inside(path: str) -> str:
    # Only a path of this site: "//host" and "/\host" lead elsewhere.
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
