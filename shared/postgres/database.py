"""The connection pool, with JSON read and written as Python values."""

from typing import TYPE_CHECKING, Self

import asyncpg
from pydantic_core import from_json, to_json

from shared.errors import TransientError
from shared.settings import PostgresSettings

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

_JSONB_VERSION = b"\x01"

DATABASE_DOWN: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""What says that the database cannot be used for now, or that a transaction has to be tried again."""

DATABASE_FAILED: tuple[type[Exception], ...] = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError)
"""Any failure of the database: loops that must never end go on after a pause."""


class _Pooled(asyncpg.Connection):
    """A connection of a pool: what is set or locked for longer than a transaction is undone by whoever did it."""

    def get_reset_query(self) -> str:
        """Spare the round trip by which each use of a connection would end."""
        return ""


class Database:
    """A pool that is opened by `async with` and closed after it."""

    def __init__(self, settings: PostgresSettings, service: str) -> None:
        self._settings = settings
        self._service = service
        self._pool: Pool | None = None

    @property
    def dsn(self) -> str:
        """Return the address, secrets included; never log it."""
        return self._settings.dsn.get_secret_value()

    @property
    def pool(self) -> Pool:
        """Return the open pool."""
        if self._pool is None:
            raise TransientError("database_closed", "The database is not open.")
        return self._pool

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._pool = await asyncpg.create_pool(
            self.dsn,
            min_size=2,
            max_size=self._settings.pool_size,
            init=set_up_connection,
            connection_class=_Pooled,
            server_settings={
                "application_name": f"contacts-sync-{self._service}",
                # What a killed process was doing ends with it, also where it waits for a lock and holds others.
                "client_connection_check_interval": "2s",
                "client_min_messages": "warning",
                # A transaction may wait for a mail server, whatever the database thinks of idle ones.
                "idle_in_transaction_session_timeout": "0",
            },
            command_timeout=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the pool, ending what still runs after a moment."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def answers(self) -> bool:
        """Tell whether the database can be used, for `/readyz`."""
        try:
            return bool(await self.pool.fetchval("SELECT true", timeout=2))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, TransientError):
            return False


async def set_up_connection(connection: Connection) -> None:
    """Read and write jsonb as Python values on this connection, in the binary format, which COPY needs."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + to_json(value)


def _decode_jsonb(value: bytes) -> object:
    decoded: object = from_json(value[1:])
    return decoded
