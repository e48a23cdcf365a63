"""Your account: another password, and your own API tokens."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from services.web.security.access import needs
from services.web.security.sessions import COOKIE, Session
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store.account_passwords import hash_password, require_password, set_password
from shared.store.accounts import get_account, token_digest
from shared.store.api_tokens import NewToken, list_tokens, make_token, revoke_token

router = page_router()


@router.get("/account")
@needs(Role.VIEWER)
async def show_account(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show who has signed in, and their tokens."""
    return await _account_page(request, resources, visitor)


@router.get("/account/password")
@needs(Role.VIEWER, before_new_password=True)
async def show_password_form(request: Request, visitor: Visitor) -> Response:
    """Show the form for another password."""
    return page(request, "password.html", visitor)


@router.post("/account/password")
@needs(Role.VIEWER, before_new_password=True)
async def change_password(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Choose another password; it needs the one that counts so far, and ends all other sessions."""
    form = await checked_form(request, resources, visitor)
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    try:
        # Who finds a session open must not be able to guess.
        await resources.sign_in_attempts.count(visitor.login, request.client.host if request.client else None)
        _check_new(old, new, again)
        password_hash = await hash_password(new)
        async with resources.transaction() as connection:
            await require_password(connection, visitor.account_id, old)
            await set_password(
                connection,
                visitor.account_id,
                password_hash,
                one_time=False,
                by=visitor.actor,
                now=resources.clock.now(),
                keep_session=token_digest(request.cookies[COOKIE]),
            )
    except UserError as error:
        return page(request, "password.html", visitor, status=status_of(error), error=error)
    await resources.sign_in_attempts.clear(visitor.login)
    return RedirectResponse("/" if visitor.must_change_password else "/account", 303)


@router.post("/account/tokens")
@needs(Role.VIEWER)
async def add_token(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Make a token and show it, this once."""
    form = await checked_form(request, resources, visitor)
    entered = {name: str(form.get(name, "")) for name in ("name", "scope", "expires")}
    try:
        new = NewToken(entered["name"], _role(entered["scope"]), _end_of(entered["expires"]))
        async with resources.transaction() as connection:
            account = await get_account(connection, visitor.account_id, lock=True)
            made = await make_token(connection, account, new, by=visitor.actor, now=resources.clock.now())
    except UserError as error:
        return await _account_page(request, resources, visitor, error=error, entered=entered)
    return await _account_page(request, resources, visitor, made=made)


@router.post("/account/tokens/{token_id}/revoke")
@needs(Role.VIEWER)
async def revoke(token_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Revoke one of one's own tokens."""
    await checked_form(request, resources, visitor)
    async with resources.transaction() as connection:
        await revoke_token(connection, visitor.account_id, token_id, by=visitor.actor, now=resources.clock.now())
    return RedirectResponse("/account#tokens", 303)


async def _account_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    *,
    error: UserError | None = None,
    entered: dict[str, str] | None = None,
    made: str | None = None,
) -> Response:
    async with resources.database.pool.acquire() as connection:
        tokens = await list_tokens(connection, visitor.account_id)
    return page(
        request,
        "your_account.html",
        visitor,
        status=422 if error else 200,
        tokens=tokens,
        now=resources.clock.now(),
        scopes=visitor.role.up_to_this(),
        error=error,
        entered=entered or {},
        made=made,
    )


def _check_new(old: str, new: str, again: str) -> None:
    if new != again:
        raise UserError("password_differs", "The new password was not typed twice alike.", field="again")
    if new == old:
        raise UserError("password_same", "Choose a password that differs from the one you have.", field="password")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise UserError("role_unknown", "Choose one of the roles of the list.", field="scope") from None


def _end_of(day: str) -> datetime | None:
    """Return the end of a day that a token lasts to, None without one."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        message = "Give the last day as a calendar has it, such as 2026-12-24."
        raise UserError("date_invalid", message, field="expires") from None
