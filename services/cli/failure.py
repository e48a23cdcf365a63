"""What a person reads when a command fails: one line that says what to do next, and never a traceback for it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import httpx
import typer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.errors import ContactsSyncError, TransientError, UserError

EXIT_FAILED = 1
EXIT_USAGE = 2

_NO_DATABASE = "Is Postgres running, and is CONTACTS_SYNC_POSTGRES__DSN its address?"
_NO_BROKER = "Is Kafka running, and is CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS its address?"


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


def explained(error: Exception) -> ContactsSyncError | None:
    """Return the error as one that says what to do next; None where nobody foresaw it.

    The message never repeats a value that was given, because that may be a secret.
    """
    match error:
        case ContactsSyncError():
            return error
        case ValidationError():
            return UserError("settings_invalid", f"Mend these settings: {_wrong_settings(error)}.")
        case SettingsError():
            return UserError("settings_invalid", f"A setting can't be read as JSON: {error}.")
        case asyncpg.exceptions.ClientConfigurationError():
            message = "CONTACTS_SYNC_POSTGRES__DSN is no address: write postgresql://user:password@host/database."
            return UserError("database_address_invalid", message)
        case asyncpg.UndefinedTableError() | asyncpg.UndefinedColumnError():
            return TransientError("schema_missing", "The database lacks tables: run `contacts-sync migrate` first.")
        case asyncpg.InvalidAuthorizationSpecificationError():
            message = f"The database refused the login: {error}. Mend CONTACTS_SYNC_POSTGRES__DSN."
            return TransientError("database_login_refused", message)
        case asyncpg.InvalidCatalogNameError():
            message = f"The server has no such database: {error}. Create it, or mend CONTACTS_SYNC_POSTGRES__DSN."
            return TransientError("database_missing", message)
        case asyncpg.PostgresError() | asyncpg.InterfaceError():
            message = f"The database did not do it: {type(error).__name__}. {_NO_DATABASE}"
            return TransientError("database_unavailable", message)
        case KafkaError():
            message = f"The broker did not do it: {type(error).__name__}. {_NO_BROKER}"
            return TransientError("broker_unavailable", message)
        case httpx.HTTPError() | ssl.SSLError() | TimeoutError() | ConnectionError():
            message = f"The connection failed: {error or type(error).__name__}. Is the address right, the server up?"
            return TransientError("connection_failed", message)
        case OSError():
            what = f"{error.strerror or type(error).__name__}{f': {error.filename}' if error.filename else ''}"
            return TransientError("system_refused", f"The operating system refused: {what}.")
    return None


def _wrong_settings(error: ValidationError) -> str:
    wrong = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"CONTACTS_SYNC_{'__'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in wrong)
