"""Which role a route needs is written above the route itself; a route that says nothing can't be built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors import PermanentError, UserError
from shared.postgres.database import Connection
from shared.rules.roles import Role
from shared.store.accounts import admin_logins

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_ATTRIBUTE = "access_needed"
_NAMED_ADMINS = 5


@dataclass(frozen=True)
class Access:
    """What it takes to use a route: a role, or nothing (None).

    `before_new_password`: also for who has signed in with a one-time password and has not chosen another yet.
    """

    role: Role | None
    before_new_password: bool = False


def needs(role: Role, *, before_new_password: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare that a route needs this role; stands below the route's own decorator."""
    return _declared(Access(role, before_new_password))


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Declare that a route is for everybody, signed in or not."""
    return _declared(Access(None))(endpoint)


def access_of(endpoint: Callable[..., Any]) -> Access:
    """Return what a route's function declares; PermanentError `role_undeclared` where it says nothing."""
    access = getattr(endpoint, _ATTRIBUTE, None)
    if not isinstance(access, Access):
        raise PermanentError("role_undeclared", f"The route of {endpoint!r} has to say which role it needs.")
    return access


async def role_missing(connection: Connection, needed: Role, has: Role, *, token: str | None = None) -> UserError:
    """Return the error for whoever may not do something: what it takes, and who can give it."""
    admins = await admin_logins(connection, limit=_NAMED_ADMINS)
    if token is not None:
        what = f"This needs the role “{needed}”, and the token “{token}” may do what “{has}” may."
        return UserError("role_missing", f"{what} Its account can make another one, or an admin can: {_list(admins)}.")
    message = f"This needs the role “{needed}”, and yours is “{has}”. An admin can give it to you: {_list(admins)}."
    return UserError("role_missing", message)


def _declared(access: Access) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, access)
        return endpoint

    return mark


def _list(logins: list[str]) -> str:
    return ", ".join(logins)
