"""What the embedded stack has others do with its database and its broker."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol


class OnDatabase(Protocol):
    """Something done with the database of a DSN."""

    def __call__(self, dsn: str) -> Awaitable[object]:
        """Do it."""


class OnBroker(Protocol):
    """Something done with a broker."""

    def __call__(self, bootstrap_servers: str) -> Awaitable[object]:
        """Do it."""


class AccountEntry(Protocol):
    """Which of the first account's password and token still let somebody in, as people may have changed them."""

    @property
    def password_fits(self) -> bool:
        """Tell whether the password still is the account's."""

    @property
    def must_change_password(self) -> bool:
        """Tell whether the account's password is good for one sign-in only."""

    @property
    def token_works(self) -> bool:
        """Tell whether the token was not revoked."""


class EnsureAccount(Protocol):
    """Has there be an account, with this password and this API token where it is the first."""

    def __call__(self, dsn: str, *, password: str, token: str) -> Awaitable[AccountEntry]:
        """Do it; may be called with what is there already."""


class AskDatabase(Protocol):
    """A question to the database."""

    def __call__(self, dsn: str) -> Awaitable[bool]:
        """Return the answer."""


@dataclass(frozen=True, slots=True)
class StackHooks:
    """`record_incarnation` notes that there is a new, empty broker; awaited after each of its starts."""

    migrate: OnDatabase
    create_topics: OnBroker
    record_incarnation: OnDatabase
    ensure_account: EnsureAccount
    any_run_active: AskDatabase
