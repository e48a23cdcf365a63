"""Accounts, for admins: who may do what, one-time passwords, everybody's tokens."""

from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from services.web.dependencies.page_route import page_router
from services.web.dependencies.problems import status_of
from services.web.dependencies.resources import Open, Resources
from services.web.dependencies.visitor import Visitor, checked_form
from services.web.pages.render import page
from services.web.security.access import needs
from services.web.security.sessions import Session
from shared.errors import UserError
from shared.rules.roles import Role
from shared.store import accounts as store
from shared.store.account_passwords import hash_password, one_time_password, set_password
from shared.store.accounts import NewAccount
from shared.store.api_tokens import list_tokens, revoke_token

router = page_router()


@router.get("/accounts")
@needs(Role.ADMIN)
async def show_accounts(request: Request, resources: Open, visitor: Visitor) -> Response:
    """List all accounts."""
    return await _accounts_page(request, resources, visitor)


@router.post("/accounts")
@needs(Role.ADMIN)
async def add_account(request: Request, resources: Open, visitor: Visitor) -> Response:
    """Add an account and show its one-time password, this once."""
    form = await checked_form(request, resources, visitor)
    login, role = str(form.get("login", "")), str(form.get("role", ""))
    password = one_time_password()
    try:
        new = NewAccount(login, _role(role), await hash_password(password), must_change_password=True)
        async with resources.transaction() as connection:
            account = await store.add_account(connection, new, by=visitor.actor, now=resources.clock.now())
    except UserError as error:
        return await _accounts_page(request, resources, visitor, error=error, login=login, role=role)
    return await _account_page(request, resources, visitor, account.id, password=password)


@router.get("/accounts/{account_id}")
@needs(Role.ADMIN)
async def show_account(account_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Show an account."""
    return await _account_page(request, resources, visitor, account_id)


@router.post("/accounts/{account_id}/role")
@needs(Role.ADMIN)
async def change_role(account_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Give an account another role."""
    form = await checked_form(request, resources, visitor)
    try:
        role = _role(str(form.get("role", "")))
        async with resources.transaction() as connection:
            await store.change_role(connection, account_id, role, by=visitor.actor, now=resources.clock.now())
    except UserError as error:
        return await _account_page(request, resources, visitor, account_id, error=error)
    return _back_to(account_id)


@router.post("/accounts/{account_id}/reset-password")
@needs(Role.ADMIN)
async def reset_password(account_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Give an account a one-time password and show it, this once; its sessions end."""
    await checked_form(request, resources, visitor)
    password = one_time_password()
    password_hash = await hash_password(password)
    now = resources.clock.now()
    async with resources.transaction() as connection:
        await set_password(connection, account_id, password_hash, one_time=True, by=visitor.actor, now=now)
    return await _account_page(request, resources, visitor, account_id, password=password)


@router.post("/accounts/{account_id}/deactivate")
@needs(Role.ADMIN)
async def deactivate(account_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Let an account in no more."""
    await checked_form(request, resources, visitor)
    try:
        async with resources.transaction() as connection:
            await store.deactivate(connection, account_id, by=visitor.actor, now=resources.clock.now())
    except UserError as error:
        return await _account_page(request, resources, visitor, account_id, error=error)
    return _back_to(account_id)


@router.post("/accounts/{account_id}/activate")
@needs(Role.ADMIN)
async def activate(account_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Let a deactivated account in again."""
    await checked_form(request, resources, visitor)
    async with resources.transaction() as connection:
        await store.activate(connection, account_id, by=visitor.actor, now=resources.clock.now())
    return _back_to(account_id)


@router.post("/accounts/{account_id}/tokens/{token_id}/revoke")
@needs(Role.ADMIN)
async def revoke(account_id: UUID, token_id: UUID, request: Request, resources: Open, visitor: Visitor) -> Response:
    """Revoke somebody's token."""
    await checked_form(request, resources, visitor)
    async with resources.transaction() as connection:
        await revoke_token(connection, account_id, token_id, by=visitor.actor, now=resources.clock.now())
    return _back_to(account_id)


async def _accounts_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    *,
    error: UserError | None = None,
    login: str = "",
    role: str = Role.VIEWER,
) -> Response:
    async with resources.database.pool.acquire() as connection:
        accounts = await store.list_accounts(connection)
    return page(
        request,
        "accounts.html",
        visitor,
        status=422 if error else 200,
        accounts=accounts,
        roles=list(Role),
        error=error,
        login=login,
        role=role,
    )


async def _account_page(
    request: Request,
    resources: Resources,
    visitor: Session,
    account_id: UUID,
    *,
    error: UserError | None = None,
    password: str | None = None,
) -> Response:
    async with resources.database.pool.acquire() as connection:
        account = await store.get_account(connection, account_id)
        tokens = await list_tokens(connection, account_id)
    return page(
        request,
        "account.html",
        visitor,
        status=status_of(error) if error else 200,
        account=account,
        tokens=tokens,
        now=resources.clock.now(),
        roles=list(Role),
        error=error,
        password=password,
    )


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise UserError("role_unknown", "Choose one of the roles of the list.", field="role") from None


def _back_to(account_id: UUID) -> RedirectResponse:
    return RedirectResponse(f"/accounts/{account_id}", 303)
