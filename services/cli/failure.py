"""What a person reads when a command fails: one line that says what to do next, and never a traceback for it."""

import binascii
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
import httpx
import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.errors import ContactsSyncError, TransientError, UserError

EXIT_FAILED = 1
EXIT_USAGE = 2


@contextmanager
def told() -> Iterator[None]:
    """Turn errors that have an explanation into a message on standard error and the exit status 1 or 2 (usage)."""
    try:
        yield
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        typer.echo(f"{known.message} ({known.code})", err=True)
        raise typer.Exit(EXIT_USAGE if isinstance(known, UserError) else EXIT_FAILED) from None


@dataclass(frozen=True)
class _Explanation:
    """What an error of these types means; `{error}` in the message stands for its own text, `{type}` for its name."""

    errors: tuple[type[Exception], ...]
    kind: type[ContactsSyncError]
    code: str
    message: str


# The first that fits counts, so the narrower stand before the wider.
_EXPLANATIONS = (
    _Explanation((SettingsError,), UserError, "settings_invalid", "A setting can't be read as JSON: {error}."),
    _Explanation(
        (binascii.Error,),
        UserError,
        "secret_keys_invalid",
        "One of the keys in CONTACTS_SYNC_SECRETS__KEYS is not base64: make one with `openssl rand -base64 32`.",
    ),
    _Explanation(
        (asyncpg.exceptions.ClientConfigurationError,),
        UserError,
        "database_address_invalid",
        "CONTACTS_SYNC_POSTGRES__DSN is no address: write postgresql://user:password@host/database.",
    ),
    _Explanation(
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError),
        TransientError,
        "schema_missing",
        "The database lacks tables: run `contacts-sync migrate` first.",
    ),
    _Explanation(
        (asyncpg.InvalidAuthorizationSpecificationError,),
        TransientError,
        "database_login_refused",
        "The database refused the login: {error}. Mend CONTACTS_SYNC_POSTGRES__DSN.",
    ),
    _Explanation(
        (asyncpg.InvalidCatalogNameError,),
        TransientError,
        "database_missing",
        "The server has no such database: {error}. Create it, or mend CONTACTS_SYNC_POSTGRES__DSN.",
    ),
    _Explanation(
        (asyncpg.PostgresError, asyncpg.InterfaceError),
        TransientError,
        "database_unavailable",
        "The database did not do it: {type}. Is Postgres running, and CONTACTS_SYNC_POSTGRES__DSN its address?",
    ),
    _Explanation(
        (KafkaError,),
        TransientError,
        "broker_unavailable",
        "The broker did not do it: {type}. Is Kafka running, and CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS its address?",
    ),
    _Explanation(
        (httpx.HTTPError, smtplib.SMTPException, ssl.SSLError, TimeoutError, ConnectionError, socket.gaierror),
        TransientError,
        "connection_failed",
        "The connection failed: {type} {error}. Is the address right, and the server up?",
    ),
    _Explanation((OSError,), TransientError, "system_refused", "The operating system refused: {error}."),
)


def explained(error: Exception) -> ContactsSyncError | None:
    """Return the error as one that says what to do next; None where nobody foresaw it.

    The message never repeats a setting's value, because that may be a secret.
    """
    if isinstance(error, ContactsSyncError):
        return error
    if isinstance(error, ValidationError):
        return UserError("settings_invalid", f"Mend these settings: {_wrong_settings(error)}.")
    for known in _EXPLANATIONS:
        if isinstance(error, known.errors):
            message = known.message.replace("{type}", type(error).__name__).replace("{error}", str(error))
            return known.kind(known.code, message)
    return None


def _wrong_settings(error: ValidationError) -> str:
    wrong = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"CONTACTS_SYNC_{'__'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in wrong)
