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


class EnsureAccount(Protocol):
    """Has the account be there, with this password and this API token."""

    def __call__(self, dsn: str, *, login: str, password: str, token: str) -> Awaitable[object]:
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
