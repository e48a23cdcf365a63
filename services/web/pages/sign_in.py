"""Signing in and out."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.resources import Open
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from services.web.security.same_origin import require_same_origin
from services.web.security.sessions import COOKIE, sign_in, sign_out

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def show_sign_in(request: Request) -> Response:
    """Show the form."""
    return page(request, "login.html", next=_inside(request.query_params.get("next", "/")), login="")


@router.post("/login")
async def do_sign_in(request: Request, resources: Open) -> Response:
    """Begin a session."""
    require_same_origin(request.headers, resources.settings.web.public_url)
    form = await request.form(max_files=0)
    login, back = str(form.get("login", "")).replace("\0", ""), _inside(str(form.get("next", "/")))
    now = resources.clock.now()
    web = resources.settings.web
    async with resources.database.pool.acquire() as connection:
        expires_at = now + timedelta(hours=web.session_hours)
        session_id = await sign_in(connection, login, str(form.get("password", "")), now=now, expires_at=expires_at)
    if session_id is None:
        return page(request, "login.html", status=422, next=back, login=login, failed=True)
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
